package strictjson_test

import (
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/strictjson"
)

func TestIntegersAreReadByValue(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want int64
	}{
		{"60", 60}, {"60.0", 60}, {"6e1", 60}, {"6E+1", 60}, {"600e-1", 60}, {"0.6e2", 60}, {"60.000", 60}, {"6000.00e-2", 60},
		{"-60.0", -60}, {"-6e1", -60}, {"0", 0}, {"-0", 0}, {"0.0", 0}, {"-0.0", 0}, {"0e5", 0}, {"0e-5", 0}, {"0e999999999999999999999", 0},
		{"1e0", 1}, {"1e00000000000000000000000001", 10}, {"1e-0", 1},
		{"9223372036854775807", 1<<63 - 1}, {"9223372036854775807.0", 1<<63 - 1}, {"9.223372036854775807e18", 1<<63 - 1},
		{"-9223372036854775808", -1 << 63}, {"-9223372036854775808.000", -1 << 63},
		{"1" + strings.Repeat("0", 5000) + "e-5000", 1}, {"0." + strings.Repeat("0", 5000) + "7e5001", 7},
	} {
		var dst struct {
			N int64 `json:"n"`
		}
		faults, err := strictjson.Unmarshal([]byte(`{"n":`+test.text+`}`), &dst)
		if err != nil || len(faults) > 0 || dst.N != test.want {
			t.Errorf("%.60s is %d, %v, %v; want %d", test.text, dst.N, faults, err, test.want)
		}
	}
}

func TestFractionsAndHugeNumbersAreNotIntegers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"60.5", "0.1", "1e-1", "15e-1", "6.05e1", "-0.5", "1e-999999999999999999999", "9223372036854775807.5",
		"9223372036854775808", "9223372036854775808.0", "9.223372036854775808e18", "-9223372036854775809", "1e19", "1e20", "1e21",
		"1e999999999", "-1e999999999", "1e9223372036854775807", "1e99999999999999999999999", "0.5e9223372036854775807",
		"1" + strings.Repeat("0", 5000), "1" + strings.Repeat("0", 5000) + "e-5001",
	} {
		var dst struct {
			N int64 `json:"n"`
		}
		faults, err := strictjson.Unmarshal([]byte(`{"n":`+text+`}`), &dst)
		if err != nil || len(faults) != 1 || faults[0].Pointer != "/n" {
			t.Errorf("%.60s is %d, %v, %v; want one fault at /n", text, dst.N, faults, err)
		}
	}
}

func TestUnsignedIntegersAreReadByValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{"18446744073709551615.0": 1<<64 - 1, "1.8446744073709551615e19": 1<<64 - 1, "-0": 0, "-0.0": 0, "6e1": 60} {
		var dst uint64
		if faults, err := strictjson.Unmarshal([]byte(text), &dst); err != nil || len(faults) > 0 || dst != want {
			t.Errorf("%s is %d, %v, %v; want %d", text, dst, faults, err, want)
		}
	}
	for _, text := range []string{"-1.0", "-1e0", "1.8446744073709551616e19", "0.5"} {
		var dst uint64
		if faults, _ := strictjson.Unmarshal([]byte(text), &dst); len(faults) != 1 {
			t.Errorf("%s is %d; want a fault", text, dst)
		}
	}
}

// FuzzInteger holds integers against exact rationals.
func FuzzInteger(f *testing.F) {
	for _, seed := range []string{"60", "60.0", "6e1", "60.5", "-0", "1e19", "0.6E+2", "9223372036854775807.0", "100e-2", "1e-400"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
		if n, err := strconv.Atoi(exponent); exponent != "" && (err != nil || max(n, -n) > 1000) {
			t.Skip("math/big would make all digits")
		}
		var got int64
		faults, err := strictjson.Unmarshal([]byte(text), &got)
		exact, ok := new(big.Rat).SetString(strings.Trim(text, " \t\r\n"))
		if err != nil || !ok || strings.ContainsAny(text, `"[{ntf`) {
			return
		}
		isInteger := exact.IsInt() && exact.Num().IsInt64()
		if isInteger != (len(faults) == 0) || isInteger && got != exact.Num().Int64() {
			t.Errorf("%s is %d, %v; exactly it is %v", text, got, faults, exact)
		}
	})
}

func TestAHugeExponentCostsNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	data := []byte("1e999999999")
	var dst int64
	allocated := testing.AllocsPerRun(100, func() {
		if faults, err := strictjson.Unmarshal(data, &dst); err != nil || len(faults) != 1 {
			t.Fatal(faults, err)
		}
	})
	if allocated > 20 {
		t.Errorf("1e999999999 takes %v allocations", allocated)
	}
}
