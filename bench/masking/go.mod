module github.com/cpodkit/cpodkit/bench/masking

go 1.26.0

require github.com/cpodkit/cpodkit v0.0.0

require github.com/m-mizutani/masq v0.2.0

replace github.com/cpodkit/cpodkit => ../..
