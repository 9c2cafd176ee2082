// How much would the tests and the simulator notice? Slips are put into a copy of the code, many
// into one build behind a switch, and hunted one after the other. What survives is a hint at a
// scenario or a checker that is missing; what is never reached, at a scenario.
import Foundation
import Synchronization

@main
struct Mutants {
    /// How many times the budget of one mutant the program without mutations is given: what it does
    /// not come by counts as never reached.
    private static let baselineFactor = 3

    static func main() {
        do {
            try Mutants(Options(Array(CommandLine.arguments.dropFirst()))).run()
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private let options: Options
    private let tree: MutatedTree
    private let place: URL

    private init(_ options: Options) {
        self.options = options
        let project = URL(filePath: FileManager.default.currentDirectoryPath)
        place = project.appending(path: ".build/mutants")
        tree = MutatedTree(project: project, place: place)
    }

    private func run() throws {
        let file = place.appending(path: "ledger.json")
        let plan = Ledger.Plan(
            targets: options.targets, count: options.count, seed: options.seed,
            configuration: options.configuration)
        if options.onlyReports {
            guard let ledger = Ledger(at: file, of: plan) else {
                throw Failure("nothing is known of these mutants yet")
            }
            say(ledger.text)
            return
        }
        let known = options.isFresh ? nil : Ledger(at: file, of: plan)
        let ledger = try known ?? build(plan)
        try ledger.write(to: file)
        try hunt(ledger, into: file)
    }

    private func build(_ plan: Ledger.Plan) throws -> Ledger {
        try tree.copy()
        var draw = Draw(seed: plan.seed)
        let drawn = try draw.mutations(in: tree, of: plan.targets, count: plan.count)
        let file = place.appending(path: "broken.json")
        let known = options.isFresh ? nil : Broken(at: file, of: plan)
        let built = try tree.build(
            drawn, configuration: plan.configuration, jobs: options.buildJobs,
            withTests: options.withTests, broken: known?.ids ?? [],
            note: { try JSONEncoder().encode(Broken(plan: plan, ids: $0)).write(to: file) })
        return Ledger(
            plan: plan, mutations: Array(built.prefix(plan.count)),
            droppedCount: drawn.count - built.count)
    }

    private func hunt(_ known: Ledger, into file: URL) throws {
        let hunt = Hunt(
            program: tree.program(options.configuration), place: place,
            scenarios: options.scenarios.isEmpty ? try Self.scenarios() : options.scenarios,
            firstSeed: options.firstSeed, budget: options.budget,
            targets: options.targets, tested: options.withTests ? tree : nil,
            mutantCount: known.mutations.map(\.id).max() ?? 1)
        if let only = options.only {
            guard let mutation = known.mutations.first(where: { $0.id == only }) else {
                throw Failure("there is no mutant \(only) in this build")
            }
            say("\(hunt.verdict(on: mutation, isReached: true))")
            return
        }
        let reached = try hunt.baseline(budget: options.budget * Self.baselineFactor)
        let ledger = Mutex(known)
        let open = known.open(budget: options.budget)
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: options.jobs) { _ in
            while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue,
                index < open.count
            {
                let mutation = open[index]
                let verdict = hunt.verdict(
                    on: mutation, isReached: reached.contains(mutation.id))
                ledger.withLock { ledger in
                    ledger.verdicts[mutation.id] = verdict
                    try? ledger.write(to: file)
                    say(
                        "\(index + 1)/\(open.count) \(verdict.outcome.rawValue) \(verdict.by) "
                            + "\(verdict.scenario) \(verdict.seed) \(Int(verdict.seconds)) s: "
                            + "\(mutation.id) \(mutation.summary)")
                }
            }
        }
        say(ledger.withLock { $0.text })
    }

    private static func scenarios() throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "Simulations")
        return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "Simulations/\($0)" }
    }
}
