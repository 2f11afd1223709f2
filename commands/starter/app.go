package starter

import (
	"encoding/json"
	"io/fs"
	"strconv"

	"github.com/barbhq/barb/commands/project"
)

// findApp finds the framework and its port: the port in a script of package.json, else the usual port of the framework.
func (p *Project) findApp(dir fs.FS) {
	if apps := project.Apps(dir); len(apps) > 0 {
		p.App, p.From, p.Port = apps[0].Name, apps[0].From, apps[0].Port
	}
	if p.App == "" || p.From == "package.json" {
		p.findPort(project.Read(dir, "package.json"))
	}
}

// portOfScript finds the port in a line such as "next dev -p 4000".
var portOfScript = compiled(`(?:^|\s)(?:-p[ =]?|--port[ =]|PORT=)(\d{2,5})\b`)

// findPort takes the port of the first script of package.json that names one: of dev, else of start.
func (p *Project) findPort(text string) {
	var manifest struct {
		Scripts map[string]any `json:"scripts"`
	}
	if json.Unmarshal([]byte(text), &manifest) != nil {
		return
	}
	for _, name := range []string{"dev", "start"} {
		script, _ := manifest.Scripts[name].(string)
		if found := portOfScript().FindStringSubmatch(script); found != nil {
			p.setPort(found[1], "package.json")
			return
		}
	}
}

// setPort takes the port that a file names.
func (p *Project) setPort(text, file string) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 65536 {
		p.Port, p.PortIn = n, file
	}
}
