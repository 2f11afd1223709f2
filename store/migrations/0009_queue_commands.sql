-- What a worker can deliver is decided by its target and its policy, before it asks for a lease. A policy that it cannot
-- carry out must hide nothing of those that it can, so what is due is found for each policy.
DROP INDEX queue_due;
CREATE INDEX queue_due ON queue (kind, target, ifnull(policy, 0), due) WHERE state = 1 AND behind = 0;
