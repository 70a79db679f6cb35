//go:build unix

package rediscluster_test

import (
	"log"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/cluster"
)

func Example() {
	client, err := redisclient.Open("redis://:password@localhost:6379")
	if err != nil {
		log.Print(err)
		return
	}
	defer client.Close()
	driver, err := rediscluster.New(client)
	if err != nil {
		log.Print(err)
		return
	}
	c, err := cluster.New(driver)
	if err != nil {
		log.Print(err)
		return
	}
	defer c.Close()
}
