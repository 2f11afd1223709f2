package postgres

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/barbhq/barb/store/engine"
)

// name is a name of a history; id is 0 until it is known.
type name struct {
	kind engine.NameKind
	text string
	id   int64
}

// Number returns the id.
func (n *name) Number() int64 { return n.id }

type word struct {
	kind engine.NameKind
	text string
}

// names gives the ids of names to a writer. New ones are committed before the group that uses them, so that no other
// process waits for this one's transaction. It remembers a bounded number, since strangers choose event types.
//
// Who removes names holds lockNames alone, looks for rows that use them, and counts in history.names_removed. Who
// writes a group shares the lock and compares the count: when it is another, all names are looked up again.
type names struct {
	known   map[word]*name
	seen    map[string]bool // heads of answers that came once
	used    []*name         // of the group at hand
	removed int64           // history.names_removed when it last looked
}

const (
	maxNames  = 4096
	firstSeen = 16 // heads of answers of which the writer remembers that they came once
)

// ID returns a name, nil for "". Its id is known once resolve was called.
func (n *names) ID(kind engine.NameKind, text string) any {
	if text == "" {
		return nil
	}
	w := word{kind, text}
	found := n.known[w]
	if found == nil {
		if n.known == nil || len(n.known) >= maxNames {
			n.known = make(map[word]*name)
		}
		found = &name{kind: kind, text: text}
		n.known[w] = found
	}
	n.used = append(n.used, found)
	return found
}

// CameBefore reports whether a head is a name already, or came before to this writer.
func (n *names) CameBefore(head string) bool {
	if _, ok := n.known[word{engine.NameAnswer, head}]; ok || n.seen[head] {
		return true
	}
	if n.seen == nil || len(n.seen) >= firstSeen {
		n.seen = make(map[string]bool, firstSeen)
	}
	n.seen[head] = true
	return false
}

// forget has the names of the group at hand looked up again, and those of later groups.
func (n *names) forget() {
	n.known = nil
	for _, used := range n.used {
		used.id = 0
	}
}

// A row that another process inserts meanwhile is not seen by the statement that it conflicts with: hence a second one.
const (
	findNames = "SELECT u.kind, u.sum, n.id FROM unnest($1::int8[], $2::bytea[]) AS u(kind, sum) " +
		"JOIN barb.name n ON n.kind = u.kind AND n.sum = u.sum"
	addNames = "INSERT INTO barb.name (id, kind, sum, text) SELECT nextval('barb.name_id'), u.kind, u.sum, u.text FROM " +
		"unnest($1::int8[], $2::bytea[], $3::text[]) AS u(kind, sum, text) ORDER BY u.kind, u.sum ON CONFLICT DO NOTHING"
)

// missing are names whose ids are not known, by their sums and kinds.
type missing map[string][]*name

// resolve finds or adds the names of the group at hand whose ids are not known.
func (w *writer) resolve(ctx context.Context) error {
	names := missing{}
	for _, n := range w.names.used {
		if n.id == 0 {
			sum := sha256.Sum256([]byte(n.text))
			key := string(append(sum[:], byte(n.kind)))
			names[key] = append(names[key], n)
		}
	}
	if err := w.find(ctx, names, false); err != nil || len(names) == 0 {
		return err
	}
	return w.find(ctx, names, true)
}

// find sets the ids of names and takes them out of the map; with add it adds them before.
func (w *writer) find(ctx context.Context, names missing, add bool) error {
	if len(names) == 0 {
		return nil
	}
	numbers, sums, texts := []int64{}, [][]byte{}, []pgtype.Text{}
	for key, n := range names {
		numbers, sums = append(numbers, int64(n[0].kind)), append(sums, []byte(key[:sha256.Size]))
		texts = append(texts, pgtype.Text{String: escape(n[0].text), Valid: true})
	}
	b := &pgx.Batch{}
	if add {
		b.Queue(addNames, numbers, sums, texts)
	}
	args := []any{numbers, sums}
	b.Queue(findNames, args...).Query(func(rows pgx.Rows) error {
		var kind, id int64
		var sum []byte
		_, err := pgx.ForEachRow(rows, []any{&kind, &sum, &id}, func() error {
			key := string(append(slices.Clone(sum), byte(kind)))
			for _, n := range names[key] {
				n.id = id
			}
			delete(names, key)
			return nil
		})
		return err
	})
	return w.send(ctx, b)
}
