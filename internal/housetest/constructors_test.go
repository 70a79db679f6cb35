package housetest_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/redis/go-redis/v9"
	"github.com/thanos-io/objstore"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/flagstore"
	"github.com/cpodkit/cpodkit/backends/docstore/maskstore"
	"github.com/cpodkit/cpodkit/backends/docstore/policystore"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/backends/docstore/usagestore"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/backends/objstore/objstorefiles"
	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/backends/ulule/ululelimit"
	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/backends/vault/vaulttransit"
	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/openfeature"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/masking"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// refusal is a call of a constructor with something wrong.
type refusal struct {
	constructor string // package within the module, and function
	what        string
	call        func() error
}

// of returns the error of a constructor's results.
func of[T any](_ T, err error) error { return err }

func refusals(t *testing.T) []refusal {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	noIndexes := documents.Index{Collection: "c"}
	newFiles := func(opts ...files.Option) error { return of(files.New(files.NewMemory(), opts...)) }
	newDocuments := func(opts ...documents.Option) error { return of(documents.New(documents.NewMemory(), opts...)) }
	openSQLite := func(opts ...sqlitedocuments.Option) error {
		return of(sqlitedocuments.Open(ctx, filepath.Join(dir, "documents.db"), opts...))
	}
	newMongo := func(opts ...mongodocuments.Option) error { return of(mongodocuments.New(&mongo.Database{}, opts...)) }
	newS3 := func(bucket string, opts ...s3files.Option) error {
		return of(s3files.New(&minio.Client{}, bucket, opts...))
	}
	newObjstore := func(opts ...objstorefiles.Option) error {
		return of(objstorefiles.New(objstore.NewInMemBucket(), opts...))
	}
	openRevocations := func(opts ...authz.RevocationsOption) error {
		return of(authz.OpenRevocations(ctx, authz.NewMemoryRevocations(), opts...))
	}
	newPrefetch := func(opts ...prefetch.Option) error { return of(prefetch.New(ratelimit.NewMemory(), opts...)) }
	newProvider := func(opts ...openfeature.Option) error {
		return of(openfeature.New(ctx, openfeature.InProcess(&flags.Flags{}, "t"), opts...))
	}
	newRotator := func(opts ...keyring.Option) error {
		return of(keyring.NewRotator(keyring.NewMemoryStore(), keyring.NewMaster(), opts...))
	}
	newSecretStore := func(sealer secretstore.Sealer, opts ...secretstore.Option) error {
		return of(secretstore.New(&docstore.DB{}, sealer, opts...))
	}
	newSecrets := func(opts ...secrets.Option) error {
		m := secrets.NewMemory()
		return of(secrets.New(m, m, opts...))
	}
	countNothing := func(context.Context, string) (int64, error) { return 0, nil }
	return []refusal{
		{"storage/files.New", "no driver", func() error { return of(files.New(nil)) }},
		{"storage/files.New", "no secret", func() error { return newFiles(files.WithSecret(nil)) }},
		{"storage/files.New", "a short secret", func() error { return newFiles(files.WithSecret(make([]byte, 15))) }},
		{"storage/files.New", "no URL", func() error { return newFiles(files.WithPublicURL("")) }},
		{"storage/files.New", "a negative size", func() error { return newFiles(files.WithMaxSize(-1)) }},
		{"storage/files.New", "nobody to ask", func() error { return newFiles(files.WithRevoked(nil)) }},
		{"storage/files.NewMemoryOf", "no bytes", func() error { return of(files.NewMemoryOf(0)) }},
		{"storage/documents.New", "no driver", func() error { return of(documents.New(nil)) }},
		{"storage/documents.New", "no secret", func() error { return newDocuments(documents.WithSecret(nil)) }},
		{"storage/documents.New", "no clock", func() error { return newDocuments(documents.WithClock(nil)) }},
		{"storage/documents.New", "no time", func() error { return newDocuments(documents.WithQueryTimeout(0)) }},
		{"storage/kv.New", "no driver", func() error { return of(kv.New(nil)) }},
		{"storage/kv.NewMemoryOf", "negative bytes", func() error { return of(kv.NewMemoryOf(-1)) }},

		{"backends/docstore.New", "no driver", func() error { return of(docstore.New(nil)) }},
		{"backends/docstore/usagestore.New", "no records", func() error { return of(usagestore.New(nil, 1, countNothing, nil)) }},
		{"backends/docstore/usagestore.New", "no limit", func() error { return of(usagestore.New(&usagestore.Records{}, 0, countNothing, nil)) }},
		{"backends/docstore/usagestore.New", "no counter", func() error { return of(usagestore.New(&usagestore.Records{}, 1, nil, nil)) }},
		{"backends/local/localfiles.Open", "no folder", func() error { return of(localfiles.Open("")) }},
		{"backends/local/localfiles.Open", "negative room", func() error { return of(localfiles.Open(dir, localfiles.KeepFree(-1))) }},
		{"backends/sqlite/sqlitedocuments.Open", "no path", func() error { return of(sqlitedocuments.Open(ctx, "")) }},
		{"backends/sqlite/sqlitedocuments.Open", "no readers", func() error { return openSQLite(sqlitedocuments.WithReaders(0)) }},
		{"backends/sqlite/sqlitedocuments.Open", "a negative cache", func() error { return openSQLite(sqlitedocuments.WithScanCache(-1)) }},
		{"backends/sqlite/sqlitedocuments.Open", "negative room", func() error { return openSQLite(sqlitedocuments.KeepFree(-1)) }},
		{"backends/sqlite/sqlitedocuments.Open", "an index of nothing", func() error { return openSQLite(sqlitedocuments.WithIndexes(noIndexes)) }},
		{"backends/vault/vaultsecrets.Open", "no mount", func() error { return of(vaultsecrets.Open(ctx, "vault://127.0.0.1?auth=jwt&role=r&jwt-file=f")) }},
		{"backends/vault/vaulttransit.Open", "no key", func() error {
			return of(vaulttransit.Open(ctx, "vault-transit://127.0.0.1/transit?auth=jwt&role=r&jwt-file=f"))
		}},
		{"backends/mongo/mongodocuments.New", "no database", func() error { return of(mongodocuments.New(nil)) }},
		{"backends/mongo/mongodocuments.New", "no time", func() error { return newMongo(mongodocuments.WithTimeLimit(0)) }},
		{"backends/mongo/mongodocuments.New", "one connection", func() error { return newMongo(mongodocuments.WithPoolSize(1)) }},
		{"backends/mongo/mongodocuments.New", "an index of nothing", func() error { return newMongo(mongodocuments.WithIndexes(noIndexes)) }},
		{"backends/mongo/mongoclient.Open", "no URI", func() error { return of(mongoclient.Open("")) }},
		{"backends/mongo/mongoclient.Open", "no function", func() error { return of(mongoclient.Open("mongodb://127.0.0.1/x", nil)) }},
		{"backends/s3/s3files.New", "no client", func() error { return of(s3files.New(nil, "bucket")) }},
		{"backends/s3/s3files.New", "no bucket", func() error { return newS3("") }},
		{"backends/s3/s3files.New", "no time", func() error { return newS3("bucket", s3files.WithTimeLimit(0)) }},
		{"backends/s3/s3files.New", "small parts", func() error { return newS3("bucket", s3files.WithPartSize(1)) }},
		{"backends/s3/s3files.New", "no public endpoint", func() error { return newS3("bucket", s3files.WithPublicEndpoint("")) }},
		{"backends/s3/s3files.Open", "no URL", func() error { return of(s3files.Open("")) }},
		{"backends/s3/s3files.Open", "no credentials", func() error { return of(s3files.Open("s3://k:s@bucket", s3files.WithCredentials(nil))) }},
		{"backends/objstore/objstorefiles.New", "no bucket", func() error { return of(objstorefiles.New(nil)) }},
		{"backends/objstore/objstorefiles.New", "no time", func() error { return newObjstore(objstorefiles.WithTimeLimit(-1)) }},
		{"backends/objstore/objstorefiles.New", "no folder", func() error { return newObjstore(objstorefiles.WithTempFolder("")) }},
		{"backends/redis/redisclient.Open", "no URL", func() error { return of(redisclient.Open("")) }},
		{"backends/redis/rediskv.New", "no client", func() error { return of(rediskv.New(nil)) }},
		{"backends/redis/redislimit.New", "no client", func() error { return of(redislimit.New(nil)) }},
		{"backends/redis/rediscluster.New", "no client", func() error { return of(rediscluster.New(nil)) }},
		{"backends/redis/rediscluster.New", "a brace", func() error {
			return of(rediscluster.New(redis.NewClient(&redis.Options{}), rediscluster.WithPrefix("{")))
		}},
		{"backends/ulule/ululelimit.New", "no store", func() error { return of(ululelimit.New(nil)) }},

		{"ratelimit.New", "no driver", func() error { return of(ratelimit.New(nil)) }},
		{"ratelimit.NewMemoryOf", "no keys", func() error { return of(ratelimit.NewMemoryOf(0)) }},
		{"ratelimit.NewMemoryOf", "negative keys", func() error { return of(ratelimit.NewMemoryOf(-5)) }},
		{"ratelimit/prefetch.New", "no store", func() error { return of(prefetch.New(nil)) }},
		{"ratelimit/prefetch.New", "no slice", func() error { return newPrefetch(prefetch.WithMaxSlice(0)) }},
		{"ratelimit/prefetch.New", "more than a limit", func() error { return newPrefetch(prefetch.WithMaxSlice(1.01)) }},
		{"ratelimit/prefetch.New", "a slice of no number", func() error { return newPrefetch(prefetch.WithMaxSlice(math.NaN())) }},
		{"ratelimit/prefetch.New", "no hold", func() error { return newPrefetch(prefetch.WithHold(0)) }},
		{"ratelimit/prefetch.New", "few keys", func() error { return newPrefetch(prefetch.WithMaxKeys(63)) }},
		{"authz/rego.New", "no store", func() error { return of(rego.New(nil)) }},
		{"authz/rego.New", "a negative sampling", func() error { return of(rego.New(rego.NewMemory(), rego.WithSampling(-1))) }},
		{"authz/rego.New", "a short retention", func() error { return of(rego.New(rego.NewMemory(), rego.WithRetention(time.Minute))) }},
		{"flags.New", "no source", func() error { return of(flags.New(nil)) }},
		{"flags.New", "no interval", func() error { return of(flags.New(flags.NewMemory(), flags.WithInterval(0))) }},
		{"flags.New", "no tenants", func() error { return of(flags.New(flags.NewMemory(), flags.WithMaxTenants(0))) }},
		{"flags.NewFile", "no file", func() error { return of(flags.NewFile(ctx, filepath.Join(dir, "none.json"))) }},
		{"flags.NewFile", "no interval", func() error { return of(flags.NewFile(ctx, dir, flags.WithFileInterval(0))) }},
		{"flags.New", "a short secret", func() error { return of(flags.New(flags.NewMemory(), flags.WithSecret(make([]byte, 15)))) }},
		{"flags.New", "no URL", func() error { return of(flags.New(flags.NewMemory(), flags.WithPublicURL(""))) }},
		{"backends/docstore/maskstore.New", "no database", func() error { return of(maskstore.New(nil, keyring.NewMaster())) }},
		{"backends/docstore/maskstore.New", "no sealer", func() error { return of(maskstore.New(&docstore.DB{}, nil)) }},
		{"backends/docstore/maskstore.New", "no master key", func() error { return of(maskstore.New(&docstore.DB{}, keyring.Master{})) }},
		{"backends/docstore/secretstore.New", "no database", func() error { return of(secretstore.New(nil, keyring.NewMaster())) }},
		{"backends/docstore/secretstore.New", "no sealer", func() error { return newSecretStore(nil) }},
		{"backends/docstore/secretstore.New", "no master key", func() error { return newSecretStore(keyring.Master{}) }},
		{"backends/docstore/secretstore.New", "no versions", func() error {
			return newSecretStore(keyring.NewMaster(), secretstore.WithVersions(0))
		}},
		{"backends/docstore/secretstore.New", "101 versions", func() error {
			return newSecretStore(keyring.NewMaster(), secretstore.WithVersions(101))
		}},
		{"backends/docstore/secretstore.New", "keys that are always too old", func() error {
			return newSecretStore(keyring.NewMaster(), secretstore.WithKeyAge(time.Second))
		}},
		{"authz/rego.NewDir", "no interval", func() error { return of(rego.NewDir(ctx, dir, rego.WithSourceInterval(0))) }},
		{"authz/rego.NewBundleFile", "keys that are none", func() error {
			return of(rego.NewBundleFile(ctx, dir, rego.WithBundleKeys([]byte("none"))))
		}},
		{"authz/rego.NewBundleURL", "plain HTTP elsewhere", func() error { return of(rego.NewBundleURL(ctx, "http://example.com/b")) }},
		{"backends/docstore/policystore.New", "no database", func() error { return of(policystore.New(nil)) }},
		{"backends/docstore/flagstore.New", "no database", func() error { return of(flagstore.New(nil)) }},
		{"flags/openfeature.New", "no backend", func() error { return of(openfeature.New(ctx, nil)) }},
		{"flags/openfeature.New", "no interval", func() error { return newProvider(openfeature.WithInterval(0)) }},
		{"flags/openfeature.New", "a negative grace", func() error { return newProvider(openfeature.WithGrace(-1)) }},
		{"secrets.New", "no provider", func() error { return of(secrets.New(nil, secrets.NewMemory())) }},
		{"secrets.New", "no records", func() error { return of(secrets.New(secrets.NewMemory(), nil)) }},
		{"secrets.New", "no time", func() error { return newSecrets(secrets.WithTTL(0)) }},
		{"secrets.New", "a negative time", func() error { return newSecrets(secrets.WithStale(-1)) }},
		{"secrets.New", "no cache", func() error { return newSecrets(secrets.WithCacheSize(0)) }},
		{"secrets.NewEnv", "no prefix", func() error { return of(secrets.NewEnv("", "t", os.Environ)) }},
		{"secrets.NewEnv", "the server's prefix", func() error { return of(secrets.NewEnv("CPOD_", "t", os.Environ)) }},
		{"secrets.NewEnv", "no variables", func() error { return of(secrets.NewEnv("A_", "t", nil)) }},
		{"secrets.NewFiles", "no folder", func() error { return of(secrets.NewFiles(ctx, filepath.Join(dir, "none"), "t")) }},
		{"secrets.NewFiles", "no tenant", func() error { return of(secrets.NewFiles(ctx, dir, "")) }},
		{"secrets.NewFiles", "no interval", func() error { return of(secrets.NewFiles(ctx, dir, "t", secrets.WithFilesInterval(0))) }},
		{"secrets.New", "a short secret", func() error { return newSecrets(secrets.WithSecret(make([]byte, 15))) }},
		{"secrets.NewTransport", "no secrets", func() error { return of(secrets.NewTransport(nil, "n", "https://a.test")) }},
		{"secrets.NewTransport", "no origin", func() error { return of(secrets.NewTransport(secrets.Handle{}, "n", "")) }},
		{"secrets.NewTransport", "a path", func() error { return of(secrets.NewTransport(secrets.Handle{}, "n", "https://a.test/x")) }},
		{"secrets.NewTransport", "plain http", func() error { return of(secrets.NewTransport(secrets.Handle{}, "n", "http://a.test")) }},
		{"masking.New", "an unknown entity", func() error { return of(masking.New(masking.WithEntities("E-MAIL"))) }},
		{"masking.New", "an unknown strategy", func() error {
			return of(masking.New(masking.WithProfile(masking.Profile{Default: "hide"})))
		}},
		{"masking.New", "a pattern that matches the empty string", func() error {
			return of(masking.New(masking.WithProfile(masking.Profile{Patterns: []masking.Pattern{{Entity: "X", Pattern: "a*"}}})))
		}},
		{"masking.New", "no recognizer", func() error { return of(masking.New(masking.WithRecognizer(nil))) }},
		{"masking.New", "a strategy without a function", func() error { return of(masking.New(masking.WithStrategy("mine", nil))) }},
		{"cluster.New", "no driver", func() error { return of(cluster.New(nil)) }},
		{"oauth.OpenOrigins", "no store", func() error { return of(oauth.OpenOrigins(ctx, nil, nil)) }},
		{"oauth.NewSessions", "nothing", func() error { return of(oauth.NewSessions(oauth.SessionsConfig{PublicURL: "https://api.example.com"})) }},
		{"oauth.NewUpstream", "nothing", func() error { return of(oauth.NewUpstream(oauth.UpstreamConfig{})) }},
		{"oauth/localusers.New", "no store", func() error { return of(localusers.New(nil, "https://api.example.com")) }},
		{"oauth/localusers.New", "no hash at once", func() error {
			return of(localusers.New(localusers.NewMemory(), "https://api.example.com", localusers.WithHashesAtOnce(0)))
		}},
		{"oauth.New", "nothing", func() error { return of(oauth.New(oauth.Config{Issuer: "https://api.example.com"})) }},

		{"authz.NewAPIKeys", "no store", func() error { return of(authz.NewAPIKeys(nil)) }},
		{"authz.NewVerificationKey", "no key", func() error { return of(authz.NewVerificationKey("k", authz.ES256, nil)) }},
		{"authz.NewKeySet", "no key", func() error { return of(authz.NewKeySet(nil)) }},
		{"authz.NewSigner", "no keys", func() error { return of(authz.NewSigner()) }},
		{"authz.NewSigner", "no private key", func() error { return of(authz.NewSigner(authz.SigningKey{ID: "k", Algorithm: authz.ES256})) }},
		{"authz.NewJWT", "no issuer", func() error { return of(authz.NewJWT()) }},
		{"authz.NewJWT", "no keys", func() error { return of(authz.NewJWT(authz.Issuer{Issuer: "i", Audience: "a"})) }},
		{"authz.OpenKeys", "no file", func() error { return of(authz.OpenKeys(ctx, filepath.Join(dir, "none.json"), nil)) }},
		{"authz.NewService", "no verifier", func() error { return of(authz.NewService(nil)) }},
		{"authz.NewRemoteKeys", "no https", func() error { return of(authz.NewRemoteKeys("i", "http://idp.example")) }},
		{"authz.NewRemoteKeys", "an age of a second", func() error {
			return of(authz.NewRemoteKeys("i", "https://idp.example", authz.WithMaxAge(time.Second)))
		}},
		{"authz.OpenRevocations", "no store", func() error { return of(authz.OpenRevocations(ctx, nil)) }},
		{"authz.OpenRevocations", "no channel", func() error { return openRevocations(authz.WithChannel(nil)) }},
		{"keyring.Open", "no store", func() error { return of(keyring.Open(ctx, nil, keyring.NewMaster())) }},
		{"keyring.Open", "no sealer", func() error { return of(keyring.Open(ctx, keyring.NewMemoryStore(), nil)) }},
		{"keyring.Open", "no master key", func() error { return of(keyring.Open(ctx, keyring.NewMemoryStore(), keyring.Master{})) }},
		{"keyring.NewRotator", "no store", func() error { return of(keyring.NewRotator(nil, keyring.NewMaster())) }},
		{"keyring.NewRotator", "no sealer", func() error { return of(keyring.NewRotator(keyring.NewMemoryStore(), nil)) }},
		{"keyring.NewRotator", "no master key", func() error { return of(keyring.NewRotator(keyring.NewMemoryStore(), keyring.Master{})) }},
		{"keyring.NewRotator", "no age", func() error { return newRotator(keyring.WithMaxAge(0)) }},
		{"keyring.NewRotator", "no overlap", func() error { return newRotator(keyring.WithOverlap(0)) }},
		{"keyring.NewRotator", "no retention", func() error { return newRotator(keyring.WithRetention(0)) }},
		{"keyring.NewRotator", "no interval", func() error { return newRotator(keyring.WithInterval(0)) }},
		{"keyring.NewRotator", "no notices", func() error { return newRotator(keyring.WithNotices(nil)) }},
		{"client.New", "no configuration", func() error { return of(client.New(client.Config{})) }},
	}
}

// A constructor refuses what is wrong at once: it neither ignores it nor panics, then
// or later.
func TestConstructorsRefuse(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, r := range refusals(t) {
		covered[r.constructor] = true
		if r.call() == nil {
			t.Errorf("%s with %s returns no error", r.constructor, r.what)
		}
	}
	constructors := exportedConstructors(t, os.DirFS(moduleRoot))
	for _, constructor := range constructors {
		if !covered[constructor] {
			t.Errorf("%s has no row in the table", constructor)
		}
	}
	for constructor := range covered {
		if !slices.Contains(constructors, constructor) {
			t.Errorf("%s is in the table, and not in the module", constructor)
		}
	}
}

// without are the folders whose constructors need no row.
var without = []string{"bench", "examples", "internal"}

// exportedConstructors returns the functions New… and Open… that can fail.
func exportedConstructors(t *testing.T, module fs.FS) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains(without, base) || base == "testdata" || len(base) > 1 && base[0] == '.'):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && isConstructor(f) {
				found = append(found, path.Dir(name)+"."+f.Name.Name)
			}
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d constructors, %v", len(found), err)
	}
	return found
}

func isConstructor(f *ast.FuncDecl) bool {
	name := f.Name.Name
	if f.Recv != nil || f.Type.Results == nil || !strings.HasPrefix(name, "New") && !strings.HasPrefix(name, "Open") {
		return false
	}
	last, ok := f.Type.Results.List[f.Type.Results.NumFields()-1].Type.(*ast.Ident)
	return ok && last.Name == "error"
}
