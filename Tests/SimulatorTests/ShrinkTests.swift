// Shrinking, shown with planted bugs: what is left is small, breaks the same promise, and is the
// same run each time.
#if DEBUG
    import MartletSimulator
    import Testing

    @Suite("Shrinking")
    struct ShrinkTests {
        @Test(
            "A planted bug comes down to a small case of the same promise",
            arguments: [
                (PlantedFault.acknowledgesWithoutStoring, 0), (.acknowledgesBeforeSync, 1),
                (.losesHints, 1), (.inventsVersion, 0),
            ])
        func small(planted: PlantedFault, faults: Int) throws {
            let scenario = try Scenario.load(
                text: PlantedFaultTests.scenario(planted), name: planted.rawValue)
            let whole = Simulation.run(scenario, seed: 1, planting: planted)
            var shrinker = try #require(
                Shrinker(scenario) {
                    Simulation.run(scenario, seed: 1, reduced: $0, planting: planted)
                })
            shrinker.shrink()
            let report = shrinker.report
            #expect(shrinker.isVerified)
            #expect(report.verdict == .failed(planted.breaks))
            #expect(report.faults.count <= faults, "\(shrinker.reduction)")
            #expect(shrinker.reduction.clients?.count ?? 9 <= 2, "\(shrinker.reduction)")
            #expect(report.operations.writes <= 20, "\(report)")
            #expect(report.events < whole.events)
            let again = Simulation.run(
                scenario, seed: 1, reduced: shrinker.reduction, planting: planted)
            #expect(again.logHash == report.logHash)
        }

        @Test("Where a disk is lost, somebody is left to learn the ring from")
        func nodesAreLeft() throws {
            let scenario = try Scenario.load(
                text: """
                    {nodes: 3, duration: 3s, clients: 2, keys: 5,
                     faults: [{lost-disk: {node: any, at: 1s, for: 500ms}}]}
                    """, name: "left")
            var shrinker = try #require(
                Shrinker(scenario) {
                    Simulation.run(scenario, seed: 1, reduced: $0, planting: .inventsVersion)
                })
            shrinker.shrink()
            #expect(shrinker.reduction.nodeCount == 2)
        }

        @Test("A run that passes is not shrunk")
        func nothingToShrink() throws {
            let scenario = try Scenario.load(text: "{nodes: 3, duration: 1s}", name: "quiet")
            let shrinker = Shrinker(scenario) { Simulation.run(scenario, seed: 1, reduced: $0) }
            #expect(shrinker == nil)
        }

        @Test("Time that is over ends it with what was found")
        func timeIsOver() throws {
            let scenario = try Scenario.load(
                text: PlantedFaultTests.scenario(.inventsVersion), name: "over")
            var shrinker = try #require(
                Shrinker(scenario, until: { true }) {
                    Simulation.run(scenario, seed: 1, reduced: $0, planting: .inventsVersion)
                })
            shrinker.shrink()
            #expect(shrinker.reduction.isEmpty && shrinker.isVerified)
        }
    }
#endif
