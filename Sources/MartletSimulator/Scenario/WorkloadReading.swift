// The workload from YAML: what clients ask for, of which keys, with which knobs and habits.
internal import MartletBase
internal import MartletWire

extension Section {
    func read(into workload: inout WorkloadSettings) throws(ScenarioError) {
        try read("carts", into: &workload.cartCount, ScenarioText.count)
        try read("counters", into: &workload.counterCount, ScenarioText.count)
        try read("popularity", into: &workload.popularity, ScenarioText.popularity)
        try readRange("value-bytes", into: &workload.valueBytes, ScenarioText.count)
        try readRange("lifetime", into: &workload.lifetime, ScenarioText.duration)
        if let mix = try section("mix") { try mix.readMix(into: &workload) }
        if let habits = try section("habits") { try habits.read(into: &workload.habits) }
        if let options = try section("options") { try options.readOptions(into: &workload) }
    }

    private func readMix(into workload: inout WorkloadSettings) throws(ScenarioError) {
        try expect(only: ["gets", "deletes", "with-context", "expiring", "carts", "counters"])
        try read("gets", into: &workload.getShare, ScenarioText.share)
        try read("deletes", into: &workload.deleteShare, ScenarioText.share)
        try read("with-context", into: &workload.contextShare, ScenarioText.share)
        try read("expiring", into: &workload.expiringShare, ScenarioText.share)
        try read("carts", into: &workload.cartShare, ScenarioText.share)
        try read("counters", into: &workload.counterShare, ScenarioText.share)
    }

    private func read(into habits: inout ClientHabits) throws(ScenarioError) {
        try expect(only: ["patience", "retry", "stale", "vanish"])
        if has("patience") {
            var patience = Duration.zero...Duration.zero
            try readRange("patience", into: &patience, ScenarioText.duration)
            habits.patience = patience
        }
        try read("retry", into: &habits.retryShare, ScenarioText.share)
        try read("stale", into: &habits.staleShare, ScenarioText.share)
        try read("vanish", into: &habits.vanishShare, ScenarioText.share)
    }

    private func readOptions(into workload: inout WorkloadSettings) throws(ScenarioError) {
        try expect(only: ["n", "w", "r", "pw", "pr", "dw"])
        try readList("n", into: &workload.n, ScenarioText.count)
        try readList("w", into: &workload.w, ScenarioText.quorum)
        try readList("r", into: &workload.r, ScenarioText.quorum)
        try readList("pw", into: &workload.pw, ScenarioText.quorum)
        try readList("pr", into: &workload.pr, ScenarioText.quorum)
        try readList("dw", into: &workload.dw, ScenarioText.quorum)
    }

    /// Contradictions within the workload.
    func check(_ workload: WorkloadSettings) throws(ScenarioError) {
        if workload.getShare + workload.deleteShare > 1 {
            throw error("mix: gets and deletes are more than all", under: "mix")
        }
        if workload.cartShare + workload.counterShare > 1 {
            throw error("mix: carts and counters are more than all", under: "mix")
        }
        if workload.cartShare > 0, workload.cartCount == 0 {
            throw error("mix: there are no carts; say how many with carts", under: "mix")
        }
        if workload.counterShare > 0, workload.counterCount == 0 {
            throw error("mix: there are no counters; say how many with counters", under: "mix")
        }
    }
}

extension ScenarioText {
    static func popularity(_ word: String) throws(WordError) -> Popularity {
        if let popularity = Popularity(rawValue: word) { return popularity }
        let known = Popularity.allCases.map(\.rawValue).joined(separator: ", ")
        throw WordError(problem: "\(word) is no popularity: write one of \(known)")
    }
}
