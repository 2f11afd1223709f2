-- The head of an answer that came before is a name. Such an answer, if its body is short, has no row in response.
ALTER TABLE exchange ADD COLUMN answer INTEGER;      -- name: the head without the value of its Date; NULL: see response
ALTER TABLE exchange ADD COLUMN answer_date INTEGER; -- s since 1970: the value of Date; NULL: nothing was cut out
ALTER TABLE exchange ADD COLUMN answer_body BLOB;
