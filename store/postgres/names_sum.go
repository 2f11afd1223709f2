package postgres

import "crypto/sha256"

// sumOf is what the column name.sum has of a text.
func sumOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
