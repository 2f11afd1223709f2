package commands

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use:               "completion bash|zsh|fish|powershell",
		Args:              args(1, 1, "the name of a shell"),
		ValidArgs:         shells,
		PersistentPreRunE: sh.withoutConfig,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(sh.out, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(sh.out)
			case "fish":
				return cmd.Root().GenFishCompletion(sh.out, true)
			case "powershell":
				return cmd.Root().GenPowerShellCompletionWithDesc(sh.out)
			}
			return fail.Usage("unknown shell %q", args[0]).Hint(fail.DidYouMean("barb completion ",
				fail.Nearest(args[0], shells), "barb completion bash|zsh|fish|powershell"))
		},
	}
}

// schemeNames completes a scheme's name. Whatever is wrong with barb.toml, a completion says nothing.
func (sh *shell) schemeNames(prefix string, auto bool) []string {
	var names []string
	if auto { // the shell leaves out what does not begin as typed
		names = append(names, "auto\tfind the scheme from the headers")
	}
	schemes := catalog.All()
	if file, err := sh.configuration(); err == nil {
		schemes = file.Catalog().All()
	}
	for _, s := range schemes {
		if strings.HasPrefix(s.Name, prefix) {
			names = append(names, s.Name+"\t"+s.Title)
		}
	}
	return names
}

// completeIDs offers the newest ids, told apart by what they were. Whatever goes wrong, a completion says nothing.
func (sh *shell) completeIDs(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	sh.whileCompleting(cmd, func(ctx context.Context, history *store.Store) {
		for x, err := range history.List(ctx, store.Filter{Limit: 50}) {
			if err != nil {
				return
			}
			id := strconv.FormatInt(x.ID, 10)
			if strings.HasPrefix(id, prefix) {
				ids = append(ids, id+"\t"+strings.TrimSpace(ui.Clip(x.Kind.String()+" "+x.Scheme+" "+x.Event(), 60)))
			}
		}
	})
	return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func (sh *shell) completeEvents(prefix string) (types []string) {
	sh.whileCompleting(nil, func(ctx context.Context, history *store.Store) {
		found, err := history.EventTypes(ctx, prefix, 50)
		if err != nil {
			return
		}
		for _, t := range found {
			// A type comes from a stranger and goes to a shell: only what needs no quoting is offered.
			if !strings.ContainsFunc(t, func(r rune) bool {
				return r <= ' ' || r > '~' || strings.ContainsRune("\"'`$\\;&|<>(){}", r)
			}) {
				types = append(types, t)
			}
		}
	})
	return types
}

// whileCompleting opens the history for a moment; a shell that waits for a completion is not kept waiting.
func (sh *shell) whileCompleting(cmd *cobra.Command, look func(context.Context, *store.Store)) {
	if cmd != nil && sh.db == "" {
		sh.db, _ = cmd.Flags().GetString("db")
	}
	if file, err := sh.configuration(); err == nil && sh.db == "" {
		sh.db = cmp.Or(sh.Getenv("BARB_DB"), file.Values["db"])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if history, err := sh.readHistory(ctx); err == nil {
		look(ctx, history)
	}
}
