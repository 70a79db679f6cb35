package docs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3/drivers/store/memory"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/backends/ulule/ululelimit"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

// wantStatus says whether h answers a GET otherwise.
func wantStatus(h http.Handler, path string, status int) error {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != status {
		return fmt.Errorf("GET %s is %d, not %d: %s", path, w.Code, status, w.Body)
	}
	return nil
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	must(t, func() error {
		limiter, err := ratelimit.New(ratelimit.NewMemory())
		if err != nil {
			return err
		}
		defer limiter.Close()
		limit, err := limiter.Middleware(ratelimit.PerClientAddr(100, time.Minute))
		if err != nil {
			return err
		}
		handler := limit(hello)

		var served error
		for range 100 {
			served = errors.Join(served, wantStatus(handler, "/", http.StatusOK))
		}
		return errors.Join(served, wantStatus(handler, "/", http.StatusTooManyRequests), login(ctx, limiter))
	})
}

func login(ctx context.Context, limiter *ratelimit.Limiter) error {
	try := func() error {
		perHour := ratelimit.Limit{Name: "login", Tokens: 3, Window: time.Hour}
		d, err := limiter.Take(ctx, "$login:ann@example.com", perHour, 1)
		if err != nil {
			return err // the store is down, for example: decide what that means
		}
		if err := d.Err(); err != nil {
			return err // rate_limited, with the time to try again
		}
		return nil
	}
	if err := errors.Join(try(), try(), try()); err != nil {
		return err
	}
	if err := try(); !errors.Is(err, cpodkit.CodeRateLimited) {
		return fmt.Errorf("the fourth: %w", err)
	}
	return nil
}

// take shows that a limiter counts.
func take(t *testing.T, limiter *ratelimit.Limiter) error {
	t.Helper()
	d, err := limiter.Take(t.Context(), "$docs/"+t.Name(), ratelimit.Limit{Tokens: 9, Window: time.Minute}, 1)
	if err == nil && !d.Allowed {
		err = errors.New("the first call is refused")
	}
	return err
}

func TestRedis(t *testing.T) {
	t.Parallel()
	ctx, redisURL := t.Context(), testservice.RedisURL(t)
	must(t, func() error {
		client, err := redisclient.Open(redisURL) // such as redis://:password@redis:6379
		if err != nil {
			return err
		}
		defer client.Close()
		driver, err := rediscluster.New(client)
		if err != nil {
			return err
		}
		c, err := cluster.New(driver)
		if err != nil {
			return err
		}
		defer c.Close()

		return errors.Join(c.Topic("docs").Publish(ctx, []byte("hello")), limits(t, client))
	})
}

func limits(t *testing.T, client redis.UniversalClient) error {
	t.Helper()
	driver, err := redislimit.New(client) // a go-redis client: single, Sentinel, Cluster or Ring
	if err != nil {
		return err
	}
	limiter, err := ratelimit.New(driver)
	if err != nil {
		return err
	}
	return errors.Join(take(t, limiter), fetch(t, driver))
}

func fetch(t *testing.T, driver ratelimit.Driver) error {
	t.Helper()
	fetched, err := prefetch.New(driver)
	if err != nil {
		return err
	}
	limiter, err := ratelimit.New(fetched)
	if err != nil {
		return err
	}
	return take(t, limiter)
}

func TestUlule(t *testing.T) {
	t.Parallel()
	store := memory.NewStore()
	must(t, func() error {
		driver, err := ululelimit.New(store)
		if err != nil {
			return err
		}
		limiter, err := ratelimit.New(driver)
		if err != nil {
			return err
		}
		return take(t, limiter)
	})
}
