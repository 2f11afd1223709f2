package jq

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"time"

	"github.com/itchyny/gojq"
)

// ErrMemory says that an expression took too much memory.
var ErrMemory = errors.New("the expression takes more than 128 MiB of memory")

const (
	// mostHeap is how many bytes the heap may grow while an expression with a limit runs.
	mostHeap = 128 << 20
	// watchAfter is when the watch begins: nearly all expressions have ended by then.
	watchAfter = 10 * time.Millisecond
	watchEvery = 5 * time.Millisecond
)

// bounded returns a context that ends after a time, with 0 never, and with ErrMemory as its cause when the heap grows
// too much meanwhile. Between two steps of the expression it is noticed; one step at most doubles what there is.
func bounded(within time.Duration) (context.Context, context.CancelFunc) {
	if within <= 0 {
		return context.Background(), func() {}
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	ctx, over := context.WithCancelCause(ctx)
	var begun uint64
	var watch *time.Timer
	ready := make(chan struct{})
	watch = time.AfterFunc(watchAfter, func() {
		<-ready
		switch now := heap(); {
		case ctx.Err() != nil:
			return
		case begun == 0:
			begun = now
		case now > begun+mostHeap:
			over(ErrMemory)
			return
		}
		watch.Reset(watchEvery)
	})
	close(ready)
	return ctx, func() {
		watch.Stop()
		over(nil)
		cancel()
	}
}

// heap is how many bytes objects take now. It stops all goroutines for some microseconds, which only slow expressions
// cause; package runtime/metrics would not, but it costs every command a third of a millisecond before main.
func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// mostCopies is how many parts of a small expression may use their input twice. What an expression makes of a webhook
// is at most 2 to this power as large, also inside of one step, where no limit of time is noticed.
const mostCopies = 12

// CheckSmall refuses an expression that a stranger may have thought of, when it could run or grow without end: one with
// a loop, a definition or an assignment, or with many parts that use their input twice.
func (e *Expr) CheckSmall() error {
	s := size{}
	s.add(reflect.ValueOf(e.query))
	switch {
	case s.loop != "":
		return fmt.Errorf("%s is not possible here", s.loop)
	case s.copies > mostCopies:
		return fmt.Errorf("too long: %d of , + * and as, at most %d are possible here", s.copies, mostCopies)
	}
	return nil
}

// size is what CheckSmall looks at.
type size struct {
	loop   string
	copies int
}

// loops are the functions that call their argument again and again, or make much of little.
var loops = map[string]bool{"range": true, "repeat": true, "while": true, "until": true, "recurse": true, "walk": true,
	"combinations": true, "limit": false, "setpath": true, "input": true, "inputs": true, "splits": false}

func (s *size) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			s.part(v.Interface())
			s.add(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			s.add(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			s.add(v.Index(i))
		}
	}
}

func (s *size) part(part any) {
	switch p := part.(type) {
	case *gojq.Query:
		switch p.Op {
		case gojq.OpComma, gojq.OpAdd, gojq.OpMul:
			s.copies++
		case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv,
			gojq.OpUpdateMod, gojq.OpUpdateAlt:
			s.loop = p.Op.String()
		}
		s.copies += len(p.Patterns)
	case *gojq.FuncDef:
		s.loop = "def"
	case *gojq.Reduce:
		s.loop = "reduce"
	case *gojq.Foreach:
		s.loop = "foreach"
	case *gojq.Func:
		if loops[p.Name] {
			s.loop = p.Name
		}
	case *gojq.Object:
		s.copies += max(len(p.KeyVals)-1, 0)
	case *gojq.String:
		s.copies += max(len(p.Queries)-1, 0)
	}
}
