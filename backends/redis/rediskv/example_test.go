//go:build unix

package rediskv_test

import (
	"log"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func Example() {
	client, err := redisclient.Open("redis://:password@localhost:6379")
	if err != nil {
		log.Print(err)
		return
	}
	defer client.Close()
	driver, err := rediskv.New(client)
	if err != nil {
		log.Print(err)
		return
	}
	store, err := kv.New(driver)
	if err != nil {
		log.Print(err)
		return
	}
	defer store.Close()
}
