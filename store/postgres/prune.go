package postgres

import (
	"context"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/retain"
)

func (s *Engine) Prune(ctx context.Context, rule engine.PruneRule, pace *retain.Retention) (engine.PruneResult, error) {
	return engine.PruneResult{}, nil
}
func (s *Engine) WouldPrune(ctx context.Context, rule engine.PruneRule) (engine.PruneResult, error) {
	return engine.PruneResult{}, nil
}
