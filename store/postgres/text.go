package postgres

import "github.com/barbhq/barb/store/postgres/bulk"

// escape returns a string as a text column keeps it, and unescape is its inverse.
func escape(s string) string { return bulk.Escape(s) }

func unescape(s string) string { return bulk.Unescape(s) }
