package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/commands/project"
)

func TestAFolderShowsItsFramework(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing":  {nil, ""},
		"Express":  {map[string]string{"package.json": `{"dependencies":{"express":"^4"}}`}, "express"},
		"Next.js":  {map[string]string{"package.json": `{"dependencies":{"express":"^4","next":"14"}}`}, "next.js"},
		"no such":  {map[string]string{"package.json": `{"dependencies":{"expressive":"^4"}}`}, ""},
		"Flask":    {map[string]string{"requirements.txt": "Flask==3.0\ngunicorn\n"}, "flask"},
		"FastAPI":  {map[string]string{"pyproject.toml": "dependencies = [\"fastapi\"]"}, "fastapi"},
		"Django":   {map[string]string{"manage.py": "import django", "requirements.txt": "Django>=5\n"}, "django"},
		"Rails":    {map[string]string{"Gemfile": "gem 'rails', '~> 7'"}, "rails"},
		"Laravel":  {map[string]string{"composer.json": `{"require":{"laravel/framework":"^11"}}`}, "laravel"},
		"Spring":   {map[string]string{"pom.xml": "<artifactId>spring-boot-starter-web</artifactId>"}, "spring"},
		"ASP.NET":  {map[string]string{"App.csproj": "<Project/>"}, "asp.net"},
		"Go":       {map[string]string{"go.mod": "module example.com/x\n"}, "net/http"},
		"two":      {map[string]string{"go.mod": "module x\n", "requirements.txt": "flask\n"}, ""},
		"a folder": {map[string]string{"package.json/x": `"express"`}, ""},
	} {
		dir := t.TempDir()
		for file, text := range c.files {
			path := filepath.Join(dir, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := project.Framework(dir); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
