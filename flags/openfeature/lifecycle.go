package openfeature

import (
	"context"
	"time"

	sdk "github.com/open-feature/go-sdk/openfeature"

	"github.com/cpodkit/cpodkit"
)

// Init is InitWithContext with the context of [New].
func (p *Provider) Init(evalCtx sdk.EvaluationContext) error {
	ctx, cancel := p.begin()
	defer cancel()
	return p.InitWithContext(ctx, evalCtx)
}

// InitWithContext starts the backend, within ctx, and then the events. The SDK calls it,
// and makes its outcome the event PROVIDER_READY or PROVIDER_ERROR.
func (p *Provider) InitWithContext(ctx context.Context, _ sdk.EvaluationContext) error {
	if starter, ok := p.backend.(Starter); ok {
		if err := starter.Start(ctx); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		return nil
	}
	ctx, p.stop = p.begin()
	if watcher, ok := p.backend.(Watcher); ok {
		p.running.Go(func() { p.watch(ctx, watcher) })
	}
	if pinger, ok := p.backend.(cpodkit.Pinger); ok {
		p.running.Go(func() { p.ping(ctx, pinger) })
	}
	return nil
}

// Shutdown ends what InitWithContext began.
func (p *Provider) Shutdown() {
	p.mu.Lock()
	stop := p.stop
	p.stop = nil
	p.mu.Unlock()
	if stop != nil {
		stop()
	}
	p.running.Wait()
}

// ShutdownWithContext is Shutdown, which takes no time.
func (p *Provider) ShutdownWithContext(context.Context) error {
	p.Shutdown()
	return nil
}

// watch emits the changes. When they cannot be read, it tries again.
func (p *Provider) watch(ctx context.Context, watcher Watcher) {
	for ctx.Err() == nil {
		for change, err := range watcher.Watch(ctx) {
			if err == nil {
				p.emit(ctx, sdk.ProviderConfigChange, sdk.ProviderEventDetails{
					Message: "flags have changed", FlagChanges: change.Keys,
					EventMetadata: map[string]any{"version": change.Version},
				})
			}
		}
		select {
		case <-time.After(p.interval):
		case <-ctx.Done():
		}
	}
}

// ping emits whether the flags are current.
func (p *Provider) ping(ctx context.Context, pinger cpodkit.Pinger) {
	tick := time.NewTicker(p.interval)
	defer tick.Stop()
	state, since := sdk.ProviderReady, time.Time{}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := pinger.Ping(ctx)
		if ctx.Err() != nil {
			return
		}
		next, details := sdk.ProviderReady, sdk.ProviderEventDetails{Message: "the flags are current again"}
		if err != nil {
			if state == sdk.ProviderReady {
				since = time.Now()
			}
			next, details = sdk.ProviderStale, sdk.ProviderEventDetails{Message: err.Error()}
			if time.Since(since) >= p.grace {
				next, details.ErrorCode = sdk.ProviderError, sdk.GeneralCode
			}
		}
		if next != state {
			state = next
			p.emit(ctx, next, details)
		}
	}
}

func (p *Provider) emit(ctx context.Context, event sdk.EventType, details sdk.ProviderEventDetails) {
	select {
	case p.events <- sdk.Event{ProviderName: p.name, EventType: event, ProviderEventDetails: details}:
	case <-ctx.Done():
	}
}
