// Package project recognises the web framework that a folder's project uses. It reads the lists of dependencies and
// runs nothing.
package project

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxList is how many bytes of a list of dependencies are read.
const maxList = 1 << 20

// mark is what shows a framework: a text in a file of the project, in small letters.
type mark struct{ file, text, framework string }

// marks are looked for in this order, so that the framework that is built on another one comes first.
var marks = [...]mark{
	{"package.json", `"next"`, "next.js"},
	{"package.json", `"fastify"`, "fastify"},
	{"package.json", `"express"`, "express"},
	{"requirements.txt", "fastapi", "fastapi"},
	{"requirements.txt", "django", "django"},
	{"requirements.txt", "flask", "flask"},
	{"pyproject.toml", "fastapi", "fastapi"},
	{"pyproject.toml", "django", "django"},
	{"pyproject.toml", "flask", "flask"},
	{"manage.py", "django", "django"},
	{"Gemfile", "rails", "rails"},
	{"composer.json", `"laravel/framework"`, "laravel"},
	{"pom.xml", "spring-boot", "spring"},
	{"build.gradle", "spring-boot", "spring"},
	{"build.gradle.kts", "spring-boot", "spring"},
	{"build.gradle", "org.springframework.boot", "spring"},
	{"build.gradle.kts", "org.springframework.boot", "spring"},
	{"template.yaml", "aws::serverless", "lambda"},
	{"serverless.yml", "provider:", "lambda"},
	{"go.mod", "module", "net/http"},
}

// Framework returns the name of the framework that a folder's project uses: express, next.js, fastify, flask, django,
// fastapi, rails, laravel, spring, asp.net, net/http or lambda. It returns "" where it cannot be told, and where the
// project uses several.
func Framework(dir string) string {
	found := ""
	lists := map[string]string{}
	for _, m := range marks {
		text, known := lists[m.file]
		if !known {
			text = read(filepath.Join(dir, m.file))
			lists[m.file] = text
		}
		if !strings.Contains(text, m.text) {
			continue
		}
		if found != "" && found != m.framework && !isBelow(m.framework, found) {
			return ""
		}
		if found == "" {
			found = m.framework
		}
	}
	if projects, _ := filepath.Glob(filepath.Join(dir, "*.csproj")); len(projects) > 0 && found == "" {
		return "asp.net"
	}
	return found
}

// isBelow reports whether a project that uses the second framework often lists the first one too.
func isBelow(one, other string) bool {
	return one == "express" && (other == "next.js" || other == "fastify")
}

// read returns the beginning of a file in small letters; "" for one that cannot be read.
func read(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // to open a pipe would wait for its writer
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxList))
	if err != nil {
		return ""
	}
	return strings.ToLower(string(data))
}
