module github.com/barbhq/barb/conformance

go 1.26
