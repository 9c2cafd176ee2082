// Each checker against a bug planted for it: one that catches nothing proves nothing.
#if DEBUG
    import MartletSimulator
    import Testing

    @Suite("Checkers")
    struct PlantedFaultTests {
        /// A scenario in which the bug does harm.
        static func scenario(_ planted: PlantedFault) -> String {
            switch planted {
            case .acknowledgesBeforeSync:
                // Memtables of standard size: no flush makes durable what the log has lost.
                """
                {nodes: 3, duration: 4s, clients: 6, keys: 20, disk: {sync: 5ms..20ms},
                 settings: standard, settle: 150s,
                 options: {w: [quorum], dw: [quorum]},
                 faults: [{crash-all: {at: 2s..3s, for: 500ms, loss: everything}}]}
                """
            case .skipsIntervals:
                """
                {nodes: 3, duration: 4s, clients: 6, keys: 20, disk: {sync-mode: 20ms},
                 options: {w: [quorum], dw: [quorum]},
                 faults: [{crash-all: {at: 2s..3s, for: 500ms, loss: everything}}]}
                """
            case .forgetsHint, .losesHints, .takesHintsBeforeSync:
                """
                {nodes: 3, duration: 6s, settle: 8s, clients: 4, keys: 20,
                 disk: {sync-mode: operating_system},
                 faults: [{crash: {node: 2, at: 500ms, for: 3s}}]}
                """
            case .revivesVersion:
                """
                {nodes: 3, duration: 6s, clients: 4, keys: 5, options: {r: [1]},
                 mix: {gets: 0.4, deletes: 0}}
                """
            case .dominatesUnseen:
                """
                {nodes: 3, duration: 8s, clients: 6, keys: 10, mix: {deletes: 0},
                 faults: [{partition: {groups: [[1], [2, 3]], at: 1s, for: 5s}}],
                 options: {w: [1], r: [1], dw: [0]}}
                """
            case .losesVersions:
                """
                {nodes: 3, partitions: 1024, duration: 4s, clients: 4, keys: 5000,
                 popularity: uniform}
                """
            case .undoesDelete:
                "{nodes: 3, duration: 20s, clients: 4, keys: 5, mix: {gets: 0.3, deletes: 0.3}}"
            case .extendsExpiry:
                "{nodes: 3, duration: 4s, clients: 4, keys: 10, mix: {expiring: 50%}}"
            case .mergesCartsToOne, .mergesCountersToOne:
                """
                {nodes: 3, duration: 6s, clients: 6, keys: 5, carts: 2, counters: 2,
                 mix: {carts: 40%, counters: 40%}}
                """
            case .waitsForOthers:
                "{nodes: 3, duration: 2s, clients: 4, keys: 10, core: 40%..70%, settle: 20s}"
            case .fillsWithNothing, .keepsFillsSecret:
                """
                {nodes: 4, n: 3, duration: 12s, settle: 30s, clients: 4, keys: 40,
                 options: {w: [quorum], pw: [quorum]},
                 faults: [{reweigh: {at: 2s..8s, count: 4, weight: 1..5}}]}
                """
            case .repeatsForwards: "{nodes: 5, n: 3, duration: 2s, clients: 6, keys: 40}"
            case .losesManifest, .prunesUnsettled, .rotsUnseen, .hidesVainCalls:
                lossScenario(planted)
            default: settlingScenario(planted)
            }
        }

        /// The same, of bugs that show when something is lost, or nobody answers.
        private static func lossScenario(_ planted: PlantedFault) -> String {
            switch planted {
            case .losesManifest:
                """
                {nodes: 3, duration: 4s, clients: 4, keys: 10,
                 faults: [{crash: {node: 2, at: 2s, for: 500ms}}]}
                """
            case .prunesUnsettled:
                """
                {nodes: 3, duration: 6s, clients: 6, keys: 40, mix: {gets: 0.2},
                 faults: [{isolate: {node: 3, at: 1s, for: 4s}}]}
                """
            case .rotsUnseen:
                // Enough for tables, and for reads of them.
                """
                {nodes: 3, duration: 6s, clients: 8, keys: 300, popularity: uniform, rate: 40,
                 value-bytes: 500..2000}
                """
            case .hidesVainCalls:
                """
                {nodes: 3, duration: 6s, clients: 4, keys: 10,
                 faults: [{crash: {node: 2, at: 1s, for: 4s}},
                          {crash: {node: 3, at: 2s, for: 500ms}}]}
                """
            default: "{nodes: 3, duration: 4s, clients: 4, keys: 10}"
            }
        }

        /// The same, of bugs in what is settled and goes, and of those that show anywhere.
        private static func settlingScenario(_ planted: PlantedFault) -> String {
            switch planted {
            case .removesByAge:
                """
                {nodes: 3, duration: 6s, clients: 4, keys: 300, popularity: uniform,
                 settle: 40s, mix: {gets: 0.2, deletes: 0.4},
                 faults: [{crash: {node: 2, at: 500ms, for: 4s}}]}
                """
            case .forgetsHintsInPromises, .settlesUnproven:
                """
                {nodes: 4, n: 3, duration: 16s, clients: 8, keys: 200, popularity: uniform,
                 settle: 60s, disk: {sync: 10ms..20ms}, options: {w: [1], r: [1], dw: [0]},
                 faults: [{partition: {groups: [[1], [2, 3, 4]], at: 1s, for: 6s}}]}
                """
            case .removesByOwnClock:
                """
                {nodes: 3, duration: 6s, clients: 4, keys: 40, settle: 100s,
                 mix: {gets: 0.2, expiring: 50%}, lifetime: 20s..100s,
                 faults: [{clock-jump: {node: 1, at: 2s, by: 2h}}]}
                """
            case .waitsForStopped:
                """
                {nodes: 3, duration: 8s, clients: 6, keys: 40,
                 faults: [{pause: {node: 2, at: 2s, for: 4s}}]}
                """
            case .forgetsReturned:
                """
                {nodes: 3, duration: 8s, clients: 4, keys: 10, settle: 30s,
                 faults: [{crash: {node: any, at: 1s..7s, for: 200ms, count: 4}}]}
                """
            case .saysEqual:
                """
                {nodes: 3, duration: 8s, clients: 6, keys: 200, mix: {gets: 0.2},
                 faults: [{partition: {groups: [[1], [2, 3]], at: 1s, for: 3s}}]}
                """
            case .tellsBeforeSync:
                """
                {nodes: 3, duration: 4s, clients: 4, keys: 10, disk: {sync: 5ms..20ms},
                 options: {w: [quorum], dw: [quorum]}}
                """
            case .dropsLateWrites:
                """
                {nodes: 3, duration: 8s, clients: 4, keys: 100, popularity: uniform,
                 options: {w: [1], r: [1], dw: [0]}, mix: {gets: 0.2, deletes: 0}}
                """
            case .answersOlder:
                """
                {nodes: 3, duration: 3s, clients: 6, keys: 200, popularity: uniform,
                 options: {w: [all], r: [quorum]}, mix: {deletes: 0},
                 faults: [{isolate: {node: 3, at: 0s, for: 3s}}]}
                """
            case .runsLateForwards:
                """
                {nodes: 5, n: 3, duration: 12s, clients: 8, rate: 30, keys: 40,
                 options: {w: [1]}, mix: {deletes: 0},
                 faults: [{pause: {node: any, at: 2s..8s, for: 2s, count: 3}}]}
                """
            case .trustsEmptyDisk:
                """
                {nodes: 3, duration: 16s, clients: 4, keys: 1000, popularity: uniform,
                 faults: [{lost-disk: {node: 2, at: 12s, for: 500ms}}]}
                """
            default: "{nodes: 3, duration: 4s, clients: 4, keys: 10}"
            }
        }

        /// The seeds tried: which knobs a seed turns decides how likely a bug shows.
        private static let seeds: ClosedRange<UInt64> = 1...8

        @Test("Every planted bug is caught as what it is", arguments: PlantedFault.allCases)
        func caught(planted: PlantedFault) throws {
            let scenario = try Scenario.load(
                text: Self.scenario(planted), name: planted.rawValue)
            let caught = try #require(
                Self.seeds.lazy.map { Simulation.run(scenario, seed: $0, planting: planted) }
                    .first { $0.verdict != .passed }, "\(planted) lives")
            #expect(caught.verdict == .failed(planted.breaks), "\(caught)")
            #expect(caught.witness != nil)
            let sound = Simulation.run(scenario, seed: caught.seed)
            #expect(sound.verdict == .passed, "\(sound)")
            let witness = try #require(caught.witness)
            for word in ["node ", "key "] {
                let numbered = witness.split(separator: word).dropFirst()
                    .first { $0.first?.isNumber == true }
                #expect(numbered == nil, "\(witness)")
            }
            #expect(!witness.split { !$0.isHexDigit }.contains { $0.count == 16 }, "\(witness)")
        }

        @Test("Every promise has a bug that breaks it", arguments: Promise.allCases)
        func everyPromiseIsTested(promise: Promise) {
            #expect(PlantedFault.allCases.contains { $0.breaks == promise })
        }
    }
#endif
