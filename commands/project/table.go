package project

// row says how a framework is recognised: by a text in a file, in small letters, or by a package in package.json.
type row struct {
	file, mark string
	app        string
	port       int    // the usual one in development; 0: there is none
	fix        string // what explain.Fix calls it; "": it has no advice of its own
}

// The order of the rows is the order of the search: a framework stands before its own foundation.
var table = [...]row{
	{"package.json", "next", "next", 3000, "next.js"},
	{"package.json", "nuxt", "nuxt", 3000, ""},
	{"package.json", "astro", "astro", 4321, ""},
	{"package.json", "@sveltejs/kit", "sveltekit", 5173, ""},
	{"package.json", "@remix-run/dev", "remix", 5173, ""},
	{"package.json", "@react-router/dev", "react-router", 5173, ""},
	{"package.json", "gatsby", "gatsby", 8000, ""},
	{"package.json", "@nestjs/core", "nest", 3000, ""},
	{"package.json", "wrangler", "wrangler", 8787, ""},
	{"package.json", "fastify", "fastify", 3000, "fastify"},
	{"package.json", "koa", "koa", 3000, ""},
	{"package.json", "hono", "hono", 3000, ""},
	{"package.json", "express", "express", 3000, "express"},
	{"package.json", "vite", "vite", 5173, ""},
	{"manage.py", "", "django", 8000, "django"},
	{"artisan", "", "laravel", 8000, "laravel"},
	{"composer.json", "laravel/framework", "laravel", 8000, "laravel"},
	{"composer.json", "symfony/", "symfony", 8000, ""},
	{"composer.json", "", "php", 8000, ""},
	{"bin/rails", "", "rails", 3000, "rails"},
	{"Gemfile", `"rails"`, "rails", 3000, "rails"},
	{"Gemfile", "'rails'", "rails", 3000, "rails"},
	{"Gemfile", "sinatra", "sinatra", 4567, ""},
	{"mix.exs", "phoenix", "phoenix", 4000, ""},
	{"pyproject.toml", "fastapi", "fastapi", 8000, "fastapi"},
	{"requirements.txt", "fastapi", "fastapi", 8000, "fastapi"},
	{"pyproject.toml", "django", "django", 8000, "django"},
	{"requirements.txt", "django", "django", 8000, "django"},
	{"pyproject.toml", "flask", "flask", 5000, "flask"},
	{"requirements.txt", "flask", "flask", 5000, "flask"},
	{"pom.xml", "spring-boot", "spring", 8080, "spring"},
	{"build.gradle", "spring-boot", "spring", 8080, "spring"},
	{"build.gradle", "springframework.boot", "spring", 8080, "spring"},
	{"build.gradle.kts", "spring-boot", "spring", 8080, "spring"},
	{"build.gradle.kts", "springframework.boot", "spring", 8080, "spring"},
	{"Cargo.toml", "axum", "axum", 3000, ""},
	{"Cargo.toml", "actix-web", "actix", 8080, ""},
	{"Cargo.toml", "rocket", "rocket", 8000, ""},
	{"deno.json", "", "deno", 8000, ""},
	{"template.yaml", "aws::serverless", "lambda", 3000, "lambda"},
	{"serverless.yml", "provider:", "lambda", 3000, "lambda"},
	{"go.mod", "", "go", 8080, "net/http"},
	{"*.csproj", "", "asp.net", 0, "asp.net"},
}
