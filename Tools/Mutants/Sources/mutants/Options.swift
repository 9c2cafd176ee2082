// The command line.

/// What is asked for.
struct Options {
    static let usage = """
        usage: mutants [options]
          --target NAME       draw from this target; may be given several times (default: the core)
          --count N           how many mutants are built and hunted (default 200)
          --seed N            what the draw follows from (default 1)
          --budget SECONDS    the processor's time that the simulator has for one mutant (default 120)
          --first-seed N      the first seed of the simulator (default 1)
          --scenario FILE     play this one; may be given several times (default: Simulations/*.yaml)
          --tests             run its target's unit tests first, against each mutant
          --jobs N            how many mutants are hunted at a time (default 1)
          --build-jobs N      how many processes build (default 2)
          --debug             hunt in a debug build
          --only N            hunt this mutant alone, again
          --report            tell what is known, and do nothing else
          --fresh             forget what is known: draw and build again
        The same options again go on where an interrupted hunt was.
        """

    var targets: [String] = []
    var count = 200
    var seed: UInt64 = 1
    var budget = 120
    var firstSeed: UInt64 = 1
    var scenarios: [String] = []
    var withTests = false
    var jobs = 1
    var buildJobs = 2
    var configuration = "release"
    var only: Int?
    var onlyReports = false
    var isFresh = false

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        func value() throws -> String {
            guard let value = rest.popFirst() else { throw Failure(Self.usage) }
            return value
        }
        func number() throws -> Int {
            guard let number = Int(try value()), number > 0 else { throw Failure(Self.usage) }
            return number
        }
        while let option = rest.popFirst() {
            switch option {
            case "--target": targets.append(try value())
            case "--count": count = try number()
            case "--seed": seed = UInt64(try number())
            case "--budget": budget = try number()
            case "--first-seed": firstSeed = UInt64(try number())
            case "--scenario": scenarios.append(try value())
            case "--tests": withTests = true
            case "--jobs": jobs = try number()
            case "--build-jobs": buildJobs = try number()
            case "--debug": configuration = "debug"
            case "--only": only = try number()
            case "--report": onlyReports = true
            case "--fresh": isFresh = true
            default: throw Failure(Self.usage)
            }
        }
        if targets.isEmpty { targets = Draw.coreTargets }
    }
}
