package starter

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// clue is how an app is recognised: a file, and a text in it, "" for any.
type clue struct {
	file, text, app string
	port            int // the usual one in development
}

// The clues in the order in which they are looked for: a framework before what it is built on.
var clues = []clue{
	{"manage.py", "", "django", 8000},
	{"artisan", "", "laravel", 8000},
	{"composer.json", "laravel/framework", "laravel", 8000},
	{"composer.json", "symfony/", "symfony", 8000},
	{"composer.json", "", "php", 8000},
	{"bin/rails", "", "rails", 3000},
	{"Gemfile", `"rails"`, "rails", 3000},
	{"Gemfile", "'rails'", "rails", 3000},
	{"Gemfile", "sinatra", "sinatra", 4567},
	{"mix.exs", "phoenix", "phoenix", 4000},
	{"pyproject.toml", "fastapi", "fastapi", 8000},
	{"requirements.txt", "fastapi", "fastapi", 8000},
	{"pyproject.toml", "flask", "flask", 5000},
	{"requirements.txt", "flask", "flask", 5000},
	{"requirements.txt", "Flask", "flask", 5000},
	{"pom.xml", "spring-boot", "spring", 8080},
	{"build.gradle", "springframework.boot", "spring", 8080},
	{"build.gradle.kts", "springframework.boot", "spring", 8080},
	{"Cargo.toml", "axum", "axum", 3000},
	{"Cargo.toml", "actix-web", "actix", 8080},
	{"Cargo.toml", "rocket", "rocket", 8000},
	{"deno.json", "", "deno", 8000},
	{"go.mod", "", "go", 8080},
}

// nodeClues are the packages that an app of Node is recognised by, in the same order.
var nodeClues = []clue{
	{text: "next", app: "next", port: 3000},
	{text: "nuxt", app: "nuxt", port: 3000},
	{text: "astro", app: "astro", port: 4321},
	{text: "@sveltejs/kit", app: "sveltekit", port: 5173},
	{text: "@remix-run/dev", app: "remix", port: 5173},
	{text: "@react-router/dev", app: "react-router", port: 5173},
	{text: "gatsby", app: "gatsby", port: 8000},
	{text: "@nestjs/core", app: "nest", port: 3000},
	{text: "wrangler", app: "wrangler", port: 8787},
	{text: "fastify", app: "fastify", port: 3000},
	{text: "koa", app: "koa", port: 3000},
	{text: "hono", app: "hono", port: 3000},
	{text: "express", app: "express", port: 3000},
	{text: "vite", app: "vite", port: 5173},
}

// findApp finds the framework and its usual port.
func (p *Project) findApp(dir fs.FS) {
	if p.findNode(read(dir, "package.json")) {
		return
	}
	for _, s := range clues {
		text := read(dir, s.file)
		if text != "" && strings.Contains(text, s.text) {
			p.App, p.From, p.Port = s.app, s.file, s.port
			return
		}
	}
}

// portOfScript finds the port in a line such as "next dev -p 4000".
var portOfScript = regexp.MustCompile(`(?:^|\s)(?:-p[ =]?|--port[ =]|PORT=)(\d{2,5})\b`)

// findNode reads package.json.
func (p *Project) findNode(text string) bool {
	var manifest struct {
		Dependencies    map[string]any `json:"dependencies"`
		DevDependencies map[string]any `json:"devDependencies"`
		Scripts         map[string]any `json:"scripts"`
	}
	if text == "" || json.Unmarshal([]byte(text), &manifest) != nil {
		return false
	}
	for _, s := range nodeClues {
		if manifest.Dependencies[s.text] == nil && manifest.DevDependencies[s.text] == nil {
			continue
		}
		p.App, p.From, p.Port = s.app, "package.json", s.port
		break
	}
	for _, name := range append([]string{"dev", "start"}, slices.Sorted(maps.Keys(manifest.Scripts))...) {
		script, _ := manifest.Scripts[name].(string)
		if found := portOfScript.FindStringSubmatch(script); found != nil && (name == "dev" || name == "start") {
			p.setPort(found[1], "package.json")
			break
		}
	}
	return p.App != ""
}

// setPort takes the port that a file names.
func (p *Project) setPort(text, file string) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 65536 {
		p.Port, p.PortIn = n, file
	}
}
