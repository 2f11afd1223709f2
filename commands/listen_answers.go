package commands

import (
	"context"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// answer is listen's question what the sender gets.
func (g *gateway) answer(ctx context.Context, x *record.Exchange) listen.Answer {
	return listen.Answer{Response: g.reply(ctx, x)}
}
