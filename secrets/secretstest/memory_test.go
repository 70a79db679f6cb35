package secretstest_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/secrets/secretstest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, func(testing.TB) secretstest.Store { return secretstest.Store{Provider: secrets.NewMemory()} })
	secretstest.RunRecords(t, func(testing.TB) secrets.Records { return secrets.NewMemory() })
}
