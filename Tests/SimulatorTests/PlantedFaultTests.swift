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
                """
                {nodes: 3, duration: 4s, clients: 6, keys: 20, disk: {sync: 5ms..20ms},
                 options: {w: [quorum], dw: [quorum]},
                 faults: [{crash-all: {at: 2s..3s, for: 500ms, loss: everything}}]}
                """
            case .forgetsHint, .losesHints:
                """
                {nodes: 3, duration: 6s, settle: 8s, clients: 4, keys: 20,
                 faults: [{crash: {node: 2, at: 500ms, for: 3s}}]}
                """
            case .revivesVersion:
                "{nodes: 3, duration: 6s, clients: 4, keys: 5, options: {r: [1]}}"
            default: "{nodes: 3, duration: 4s, clients: 4, keys: 10}"
            }
        }

        @Test("Every planted bug is caught as what it is", arguments: PlantedFault.allCases)
        func caught(planted: PlantedFault) throws {
            let scenario = try Scenario.load(
                text: Self.scenario(planted), name: planted.rawValue)
            let sound = Simulation.run(scenario, seed: 1)
            #expect(sound.verdict == .passed, "\(sound)")
            let report = Simulation.run(scenario, seed: 1, planting: planted)
            #expect(report.verdict == .failed(planted.breaks), "\(report)")
            #expect(report.witness != nil)
        }
    }
#endif
