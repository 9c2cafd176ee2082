// Numbers with a unit, and words that were meant to be others.
import MartletBase
import Testing

@Suite("Units")
struct UnitsTests {
    @Test(
        "Whole numbers of a unit, and a bare zero",
        arguments: [
            ("250ms", 250_000_000), ("7us", 7_000), ("2s", 2_000_000_000), ("0", 0), ("0h", 0),
            ("10m", 600_000_000_000), ("1h", 3_600_000_000_000),
        ])
    func whole(text: String, nanoseconds: Int) {
        #expect(Units.time.whole(text) == nanoseconds)
    }

    @Test(
        "Anything else is none",
        arguments: [
            "", "5", "ms", "1.5ms", "-1s", "+1s", " 1s", "1 s", "1S", "1d", "1é", "9999999999h",
            "99999999999999999999s",
        ])
    func refusals(text: String) {
        #expect(Units.time.whole(text) == nil)
    }

    @Test("Parts of a unit are read where they are wanted")
    func decimals() {
        #expect(Units.time.decimal("1.5ms") == 1_500_000)
        #expect(Units.time.decimal("2s") == 2_000_000_000)
        for text in ["", "1.5", "ms", "1..5s", "1.5d"] {
            #expect(Units.time.decimal(text) == nil, "\(text)")
        }
    }

    @Test("Amounts are spelled in the largest unit that holds them whole, and read back")
    func spelling() {
        #expect(Units.size.spelled(1 << 40) == "1TiB")
        #expect(Units.size.spelled(3 << 19) == "1536KiB")
        #expect(Units.size.spelled(1_000) == "1000B")
        #expect(Units.size.spelled(0) == nil && Units.time.spelled(1) == nil)
        #expect(Units.time.spelled(90_000_000_000) == "90s")
        for amount in [1, 1 << 10, 5 << 20, 7 << 30, 3 << 40, 12_345] {
            #expect(Units.size.spelled(amount).flatMap(Units.size.whole) == amount)
        }
    }
}

@Suite("Nearest")
struct NearestTests {
    @Test("Few typing mistakes lead to the word, many to none, and the first of equals wins")
    func nearest() {
        let known = ["storage", "replication", "membership"]
        #expect(known.nearest(to: "storag") == "storage")
        #expect(known.nearest(to: "replicaton") == "replication")
        #expect(known.nearest(to: "zone") == nil)
        #expect(["ab", "ac"].nearest(to: "ad") == "ab")
        #expect([String]().nearest(to: "x") == nil)
    }
}
