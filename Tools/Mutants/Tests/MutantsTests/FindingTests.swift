// Which slips are found in a piece of source, and how they are written into it.
import Testing

@testable import mutants

@Suite("Finding")
struct FindingTests {
    /// `original → changed` of each mutation of a kind.
    private func found(_ text: String, _ kind: Mutation.Kind) -> [String] {
        MutationFinder.mutations(of: "Sources/A/B.swift", Array(text.utf8))
            .filter { $0.kind == kind }
            .map { "\(Mutation.flat($0.original)) → \(Mutation.flat($0.changed))" }
    }

    @Test("A comparison takes its operands along, and no more")
    func comparisons() {
        let text = """
            func f() {
                guard a.count + 1 < limit ?? 3, let x else { return }
                let isLate = now >= due && !isOver
                if list.filter({ $0 > 2 }).count == 0 { g() }
                let type: [Int] = Array<Int>()
            }
            """
        #expect(
            found(text, .comparison) == [
                "a.count + 1 < limit ?? 3 → a.count + 1 <= limit ?? 3", "now >= due → now > due",
                "$0 > 2 → $0 >= 2",
                "list.filter({ $0 > 2 }).count == 0 → list.filter({ $0 > 2 }).count != 0",
            ])
        #expect(found(text, .logic) == ["now >= due && !isOver → now >= due || !isOver"])
    }

    @Test("Operands may go over several lines; a statement ends with its line")
    func lines() {
        let text = """
            func f() {
                let sum =
                    first
                    + second.map { $0 }
                    - third
                g(
                    left
                        + right)
            }
            """
        #expect(
            found(text, .arithmetic) == [
                "first + second.map { $0 } → first - second.map { $0 }",
                "first + second.map { $0 } - third → first + second.map { $0 } + third",
                "left + right → left - right",
            ])
    }

    @Test("Calls and assignments on lines of their own can be dropped; declarations cannot")
    func statements() {
        let text = """
            func f() {
                let a = g(1)
                h(
                    a, b: 2)
                self.c = a
                invariant(a > 0, "a")
                counts.marks.occurred(.rare, if: a > 1)
                return i(a)
            }
            """
        #expect(found(text, .dropped) == ["h( a, b: 2) → ", "self.c = a → "])
        #expect(found(text, .swapped) == ["a, b: 2 → 2, b: a"])
        #expect(found(text, .comparison).isEmpty)
        #expect(found(text, .early) == ["func f → func f: return"])
    }

    @Test("Strings and comments hold nothing to change, and numbers of tuples none")
    func noCode() {
        let text = """
            // a < b
            let t = "1 < \\(x.0 + 1)" /* c > d */
            let u = t.0
            """
        for kind in Mutation.Kind.allCases { #expect(found(text, kind).isEmpty) }
    }

    @Test("What only checks is left as it is")
    func checks() {
        let text = """
            func checkInvariants() {
                if a > 0 { g() }
                let sum = a + 1
                invariant(sum == b, "sum")
            }
            """
        for kind in Mutation.Kind.allCases { #expect(found(text, kind).isEmpty) }
    }

    @Test("Conditions are forced, but for those that bind")
    func conditions() {
        let text = """
            func f() {
                if a, let b, c == d { g() }
                while e { g() }
            }
            """
        #expect(
            found(text, .condition) == [
                "a → true", "a → false", "c == d → true", "c == d → false", "e → false",
            ])
    }
}
