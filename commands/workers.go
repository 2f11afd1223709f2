package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/worker"
)

func newWorkers(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{
		Use:  "workers",
		Args: args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runWorkers(cmd.Context(), sh) },
	}
}

func runWorkers(ctx context.Context, sh *shell.Shell) error {
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return err
	}
	all, err := worker.Workers(ctx, history)
	if err != nil {
		return err
	}
	if sh.JSON {
		for i := range all {
			if err := sh.Emit(schema.NewWorker(&all[i], sh.Now())); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case !sh.IsShared():
		sh.Say("barb: a history in a file knows only the workers that are delivering something at the moment")
	case len(all) == 0:
		sh.Say("barb: no workers; barb deliver or barb listen --queue starts one")
	}
	sh.Stdout.Workers(all)
	return nil
}
