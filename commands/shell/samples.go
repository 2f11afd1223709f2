package shell

import (
	"path/filepath"

	"github.com/barbhq/barb/commands/samples"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign/catalog"
)

// Samples finds sample events: the user's own are in the folder of the configuration.
func (sh *Shell) Samples() samples.Finder {
	return samples.Finder{Samples: payload.Samples{Dir: filepath.Join(sh.configHome(), "barb", "events"),
		Lookup: catalog.Lookup}}
}
