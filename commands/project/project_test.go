package project_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/barbhq/barb/commands/project"
)

func folder(files map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

func TestAFolderShowsItsFramework(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		fix   string // for the advice of verify --explain
		apps  string // for init
	}{
		"nothing": {nil, "", ""},
		"Express": {map[string]string{"package.json": `{"dependencies":{"express":"^4"}}`}, "express", "express:3000"},
		"Next.js": {map[string]string{"package.json": `{"dependencies":{"express":"^4","next":"14"}}`}, "next.js",
			"next:3000 express:3000"},
		"Fastify": {map[string]string{"package.json": `{"dependencies":{"express":"^4","fastify":"5"}}`}, "fastify",
			"fastify:3000 express:3000"},
		"Nuxt": {map[string]string{"package.json": `{"devDependencies":{"nuxt":"3"}}`}, "", "nuxt:3000"},
		"no such": {map[string]string{
			"package.json": `{"dependencies":{"expressive":"^4"},"description":"not \"express\""}`}, "", ""},
		"broken":   {map[string]string{"package.json": `{"dependencies":{"express":"^4"`}, "", ""},
		"Flask":    {map[string]string{"requirements.txt": "Flask==3.0\ngunicorn\n"}, "flask", "flask:5000"},
		"FastAPI":  {map[string]string{"pyproject.toml": "dependencies = [\"fastapi\"]"}, "fastapi", "fastapi:8000"},
		"Python's": {map[string]string{"requirements.txt": "flask\nfastapi\n"}, "", "fastapi:8000 flask:5000"},
		"Django": {map[string]string{"manage.py": "#!/usr/bin/env python", "requirements.txt": "Django>=5\n"}, "django",
			"django:8000"},
		"Rails":   {map[string]string{"Gemfile": "gem 'rails', '~> 7'"}, "rails", "rails:3000"},
		"Sinatra": {map[string]string{"Gemfile": "gem 'sinatra'"}, "", "sinatra:4567"},
		"Laravel": {map[string]string{"composer.json": `{"require":{"laravel/framework":"^11"}}`}, "laravel",
			"laravel:8000 php:8000"},
		"Spring": {map[string]string{"pom.xml": "<artifactId>spring-boot-starter-web</artifactId>"}, "spring",
			"spring:8080"},
		"Gradle":   {map[string]string{"build.gradle.kts": `id("org.springframework.boot")`}, "spring", "spring:8080"},
		"ASP.NET":  {map[string]string{"App.csproj": "<Project/>"}, "asp.net", "asp.net:0"},
		"Lambda":   {map[string]string{"template.yaml": "Transform: AWS::Serverless-2016-10-31"}, "lambda", "lambda:3000"},
		"Axum":     {map[string]string{"Cargo.toml": "axum = \"0.8\""}, "", "axum:3000"},
		"Go":       {map[string]string{"go.mod": "module example.com/x\n"}, "net/http", "go:8080"},
		"two":      {map[string]string{"go.mod": "module x\n", "requirements.txt": "flask\n"}, "", "flask:5000 go:8080"},
		"a folder": {map[string]string{"package.json/x": `{"dependencies":{"express":"^4"}}`, "go.mod/x": "module"}, "", ""},
		"empty":    {map[string]string{"deno.json": "", "go.mod": ""}, "", ""},
		"too long": {map[string]string{"requirements.txt": strings.Repeat("#", 1<<20) + "flask"}, "", ""},
	} {
		dir := folder(c.files)
		if got := project.Framework(dir); got != c.fix {
			t.Errorf("%s: the advice is for %q, want %q", name, got, c.fix)
		}
		var apps []string
		for _, a := range project.Apps(dir) {
			apps = append(apps, fmt.Sprintf("%s:%d", a.Name, a.Port))
		}
		if got := strings.Join(apps, " "); got != c.apps {
			t.Errorf("%s: the apps are %q, want %q", name, got, c.apps)
		}
	}
}

func TestAFrameworkSaysWhichFileShowsIt(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Gemfile"), []byte(`gem "rails"`), 0o600); err != nil {
		t.Fatal(err)
	}
	apps := project.Apps(os.DirFS(dir))
	if len(apps) != 1 || apps[0] != (project.App{Name: "rails", From: "Gemfile", Port: 3000}) {
		t.Errorf("%+v", apps)
	}
}
