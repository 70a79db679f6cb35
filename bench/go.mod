module github.com/cpodkit/cpodkit/bench

go 1.26.0
