package flags

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// mergedSources is several sources as one.
type mergedSources []Source

// Merge returns a source with the definitions of several, in their order: of two flags
// with one key that of the later source holds, as a whole. $evaluators and metadata hold
// for the flags of their own definition. A source that fails makes the merged one fail,
// so that no flag of it disappears.
func Merge(sources ...Source) Source { return mergedSources(sources) }

// Load returns the definitions of all sources.
func (m mergedSources) Load(ctx context.Context, tenantID string) ([]Definition, error) {
	var all []Definition
	for _, source := range m {
		definitions, err := source.Load(ctx, tenantID)
		if err != nil {
			return nil, err
		}
		all = append(all, definitions...)
	}
	return all, nil
}

// Watch reports what all sources report. Of a source that reports nothing, it says every
// 2 s that it may have changed.
func (m mergedSources) Watch(ctx context.Context, changed func(tenantID string)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(m))
	var watching sync.WaitGroup
	for i, source := range m {
		watching.Go(func() {
			if errs[i] = watchSource(ctx, source, changed); errs[i] != nil {
				stop() // the caller polls, then, or watches anew
			}
		})
	}
	watching.Wait()
	return errors.Join(errs...)
}

func watchSource(ctx context.Context, source Source, changed func(tenantID string)) error {
	if watcher, ok := source.(Watcher); ok {
		err := watcher.Watch(ctx, changed)
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, cpodkit.CodeNotSupported) {
			return err
		}
	}
	tick := time.NewTicker(defaultInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			changed("")
		case <-ctx.Done():
			return nil
		}
	}
}

// Version is supported when all sources support it.
func (m mergedSources) Version(ctx context.Context, tenantID string) (string, error) {
	var versions []string
	for _, source := range m {
		versioner, ok := source.(Versioner)
		if !ok {
			return "", cpodkit.CodeNotSupported
		}
		version, err := versioner.Version(ctx, tenantID)
		if err != nil {
			return "", err
		}
		versions = append(versions, version)
	}
	return strings.Join(versions, "\x00"), nil
}

// Shared reports whether all sources are.
func (m mergedSources) Shared() bool {
	for _, source := range m {
		if !isShared(source) {
			return false
		}
	}
	return true
}

// Ping returns what fails of the sources that can say so.
func (m mergedSources) Ping(ctx context.Context) error {
	var errs []error
	for _, source := range m {
		if pinger, ok := source.(cpodkit.Pinger); ok {
			errs = append(errs, pinger.Ping(ctx))
		}
	}
	return errors.Join(errs...)
}
