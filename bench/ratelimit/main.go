// Command ratelimit measures package ratelimit and its drivers: against other
// libraries, against the bare call that does the same, and against the bars of
// its issue. All take turns on the same keys. It prints a table, and needs the
// servers of scripts/testservices.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"time"
)

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 61, "`times` that all of a row take turns")
	flag.DurationVar(&s.each, "each", 60*time.Millisecond, "`time` of one turn; a short one takes a thirtieth")
	only := flag.String("only", "", "measure only rows whose name matches this `expression`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if s.only, err = regexp.Compile(*only); err == nil {
		err = s.measure(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ratelimit:", err)
		os.Exit(1)
	}
}

type settings struct {
	rounds int
	each   time.Duration
	only   *regexp.Regexp
}

func (s settings) measure(ctx context.Context) error {
	fmt.Println("| what | ours | peer | ratio | allocations, ours and peer | bar |")
	fmt.Println("|---|---:|---:|---:|---:|---|")
	for _, prepare := range []func(context.Context) ([]contest, func(), error){core, middleware, overRedis} {
		contests, done, err := prepare(ctx)
		if err == nil {
			err = s.run(contests)
		}
		done()
		if err != nil {
			return err
		}
	}
	if s.only.MatchString(flood) {
		return measureFlood(ctx)
	}
	return nil
}

// run has all contests go through their rounds together, so that what else the
// machine does meets all of them.
func (s settings) run(contests []contest) error {
	contests = slices.DeleteFunc(contests, func(c contest) bool { return !s.only.MatchString(c.name) })
	for round := range 1 + s.rounds {
		for i := range contests {
			c := &contests[i]
			if err := c.round(s.each); err != nil {
				return err
			}
			if round == 0 { // to warm up
				c.turns = nil
			}
		}
	}
	for i := range contests {
		contests[i].print()
	}
	return nil
}

// variable returns what scripts/testservices has set.
func variable(name string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return "", errors.New(strconv.Quote(name) + " is not set: run this with scripts/testservices run")
	}
	return value, nil
}
