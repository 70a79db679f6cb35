package s3files_test

import (
	"log/slog"

	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/storage/files"
)

// A store of files on MinIO. The keys are in AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY.
func ExampleOpen() {
	driver, err := s3files.Open("s3://files?endpoint=https://minio.internal:9000&ca=/etc/minio/ca.pem" +
		"&public-endpoint=https://files.example.com")
	if err != nil {
		slog.Default().Error("no store of files", "err", err)
		return
	}
	store, err := files.New(driver, files.WithPublicURL("https://api.example.com"))
	if err != nil {
		slog.Default().Error("no store of files", "err", err)
		return
	}
	defer store.Close()
}
