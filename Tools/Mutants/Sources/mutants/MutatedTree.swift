// The copy of the project that the mutations are written into, and its build. The working tree is
// only read.
import Foundation

/// A copy of the project with mutations in it.
struct MutatedTree {
    /// The most builds until one succeeds: a target's errors show only when those below have none.
    private static let buildLimit = 40

    /// The project.
    let project: URL
    /// Where copy and build are.
    let place: URL

    /// The project as it was when the copy was made: it may go on changing.
    private var original: URL { place.appending(path: "original") }
    private var tree: URL { place.appending(path: "tree") }
    private var scratch: URL { place.appending(path: "build") }

    /// The executable that holds all mutations.
    func program(_ configuration: String) -> URL {
        scratch.appending(path: "\(configuration)/\(Player.name)")
    }

    /// The source files of a target, sorted.
    func files(of target: String) -> [String] {
        Self.files(in: original).filter {
            $0.hasPrefix("Sources/\(target)/") && $0.hasSuffix(".swift")
        }
    }

    /// The bytes of one of the project's files.
    func bytes(of file: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: original.appending(path: file)))
    }

    private static func files(in directory: URL) -> [String] {
        (FileManager.default.subpaths(atPath: directory.path) ?? []).sorted().filter { name in
            var isDirectory: ObjCBool = false
            let path = directory.appending(path: name).path
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }
    }

    /// Takes the copy; what was built of an earlier one stays of use.
    func copy() throws {
        let files = FileManager.default
        try? files.removeItem(at: original)
        try files.createDirectory(at: original, withIntermediateDirectories: true)
        try files.createDirectory(at: scratch, withIntermediateDirectories: true)
        for name in [
            "Sources", "Tests", "Simulations", "conf", "Package.swift", "Package.resolved",
        ]
        where files.fileExists(atPath: project.appending(path: name).path) {
            try files.copyItem(
                at: project.appending(path: name), to: original.appending(path: name))
        }
        for name in ["checkouts", "repositories", "workspace-state.json"]
        where !files.fileExists(atPath: scratch.appending(path: name).path) {
            // What the project has fetched need not be fetched again.
            try? files.copyItem(
                at: project.appending(path: ".build/\(name)"), to: scratch.appending(path: name))
        }
        // A mutation leaves variables unused and code unreached: warnings are no errors here.
        let manifest = original.appending(path: "Package.swift")
        var text = try String(contentsOf: manifest, encoding: .utf8)
        for strictness in [".treatAllWarnings(as: .error),", ".strictMemorySafety(),"] {
            text = text.replacingOccurrences(of: strictness, with: "")
        }
        try (text + Player.manifest).write(to: manifest, atomically: true, encoding: .utf8)
        let player = original.appending(path: Player.file)
        try files.createDirectory(
            at: player.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Player.source.write(to: player, atomically: true, encoding: .utf8)
        for gone in Set(Self.files(in: tree)).subtracting(Self.files(in: original)) {
            try files.removeItem(at: tree.appending(path: gone))
        }
    }

    /// Writes and builds the mutations, without those that do not compile.
    ///
    /// - Parameter broken: those of which that is known; a build that was interrupted need not
    ///   find them again.
    /// - Returns: those that are in the program.
    func build(
        _ wanted: [Mutation], configuration: String, jobs: Int, withTests: Bool,
        broken known: Set<Int>, note: (Set<Int>) throws -> Void
    ) throws -> [Mutation] {
        var kept = wanted.filter { !known.contains($0.id) }
        for round in 1...Self.buildLimit {
            let spots = try write(kept, count: wanted.count)
            // The debug build of the core tells what does not compile soonest.
            let output = swift(["-c", "debug", "--target", "MartletNode", "-j", "\(jobs)"])
            guard !output.succeeded else { break }
            let broken = Self.broken(output.text, spots, in: tree.path)
            guard !broken.isEmpty, round < Self.buildLimit else {
                throw Failure("the copy does not build:\n\(output.text.suffix(4_000))")
            }
            say("build \(round): \(broken.count) of \(kept.count) do not compile")
            kept.removeAll { broken.contains($0.id) }
            try note(Set(wanted.map(\.id)).subtracting(kept.map(\.id)))
        }
        say("building \(kept.count) mutants, \(configuration)")
        var arguments = ["-c", configuration, "--product", Player.name, "-j", "\(jobs)"]
        if configuration == "release" {
            arguments += ["-Xswiftc", "-enforce-exclusivity=unchecked"]
        }
        for arguments in (withTests ? [["--build-tests", "-j", "\(jobs)"]] : []) + [arguments] {
            let output = swift(arguments)
            guard output.succeeded else {
                throw Failure("the copy does not build:\n\(output.text.suffix(4_000))")
            }
        }
        return kept
    }

    /// What runs the copy's unit tests of some targets.
    func testCommand(of targets: [String]) -> [String] {
        let suites = Set(targets.flatMap(testTargets))
        return [
            "swift", "test", "--package-path", tree.path, "--scratch-path", scratch.path,
            "--skip-build", "--filter", "^(\(suites.sorted().joined(separator: "|")))\\.",
        ]
    }

    /// `XTests` of `MartletX`; where there is none, all that import it.
    private func testTargets(of target: String) -> [String] {
        let files = Self.files(in: original).filter { $0.hasPrefix("Tests/") }
        let own = target.replacingOccurrences(of: "Martlet", with: "") + "Tests"
        if files.contains(where: { $0.hasPrefix("Tests/\(own)/") }) { return [own] }
        return files.filter { (try? bytes(of: $0))?.imports(target) ?? false }
            .map { String($0.split(separator: "/")[1]) }
    }

    private func swift(_ arguments: [String]) -> Output {
        Output(
            of: [
                "swift", "build", "--package-path", tree.path, "--scratch-path", scratch.path,
            ] + arguments)
    }

    // MARK: Writing

    /// The lines that a mutation takes in the copy.
    private struct Spot {
        let id: Int
        let file: String
        let lines: ClosedRange<Int>
    }

    private func write(_ mutations: [Mutation], count: Int) throws -> [Spot] {
        var spots: [Spot] = []
        try put(Self.switchText(count), in: "Sources/MartletBase/Mutant.swift")
        for file in Self.files(in: original) {
            let here = mutations.filter { $0.file == file }
            let original = try bytes(of: file)
            let (text, found) = Self.apply(here, to: original)
            spots += found.map { Spot(id: $0.id, file: file, lines: $0.lines) }
            try put(text, in: file)
        }
        return spots
    }

    /// Writes a file unless it says the same already, so that it is not compiled again.
    private func put(_ text: [UInt8], in file: String) throws {
        let url = tree.appending(path: file)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        if let old = try? Data(contentsOf: url), [UInt8](old) == text { return }
        try Data(text).write(to: url)
    }

    private static func apply(
        _ mutations: [Mutation], to original: [UInt8]
    ) -> (text: [UInt8], spots: [(id: Int, lines: ClosedRange<Int>)]) {
        guard !mutations.isEmpty else { return (original, []) }
        var output: [UInt8] = []
        var spots: [(id: Int, lines: ClosedRange<Int>)] = []
        var index = 0
        var line = 1
        func lines(of text: some Sequence<UInt8>) -> Int {
            text.count { $0 == UInt8(ascii: "\n") }
        }
        if !original.imports("MartletBase") {  // Not in a file of MartletBase itself.
            if mutations[0].target != "MartletBase" {
                output += "internal import MartletBase; ".utf8
            }
        }
        for mutation in mutations.sorted(by: { $0.span.lowerBound < $1.span.lowerBound }) {
            var first: Int?
            for edit in mutation.edits {
                let before = original[index..<edit.start]
                let text = edit.text.replacingOccurrences(of: "⌘", with: "mutant(\(mutation.id))")
                output += before
                line += lines(of: before)
                first = first ?? line
                output += text.utf8
                line += lines(of: text.utf8)
                index = edit.end
            }
            spots.append((mutation.id, (first ?? line)...line))
        }
        return (output + original[index...], spots)
    }

    // MARK: Errors

    /// The mutations that the compiler's errors are about.
    private static func broken(_ output: String, _ spots: [Spot], in root: String) -> Set<Int> {
        var broken: Set<Int> = []
        for text in output.split(separator: "\n") where text.contains(": error: ") {
            let parts = text.split(separator: ":", maxSplits: 3)
            guard parts.count == 4, parts[0].hasPrefix(root), let line = Int(parts[1]) else {
                continue
            }
            let file = String(parts[0].dropFirst(root.count + 1))
            let here = spots.filter { $0.file == file }
            let hit = here.filter { $0.lines.contains(line) }
            // What a mutation lacks may be missed further down, as a value that is never set.
            let blamed = hit.isEmpty ? here.last { $0.lines.lowerBound <= line }.map { [$0] } : hit
            for spot in blamed ?? Array(here.prefix(1)) { broken.insert(spot.id) }
        }
        return broken
    }

    /// The switch: which mutation is on, and which were come by, in a file that outlives the
    /// process.
    private static func switchText(_ count: Int) -> [UInt8] {
        Array(
            """
            // Made by Tools/Mutants: which mutation is on, and which were evaluated.
            import Glibc

            private func variable(_ name: String) -> String? {
                getenv(name).map { String(cString: $0) }
            }

            nonisolated(unsafe) private let chosen = variable("MARTLET_MUTANT").flatMap { Int($0) } ?? 0

            nonisolated(unsafe) private let reached: UnsafeMutablePointer<UInt8> = {
                let size = \(count + 1)
                if let path = variable("MARTLET_REACHED") {
                    let file = open(path, O_RDWR | O_CREAT, 0o644)
                    if file >= 0, ftruncate(file, off_t(size)) == 0,
                        let map = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
                        map != MAP_FAILED
                    {
                        return map.assumingMemoryBound(to: UInt8.self)
                    }
                }
                let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
                memory.initialize(repeating: 0, count: size)
                return memory
            }()

            /// Whether the mutation of this number is on.
            public func mutant(_ number: Int) -> Bool {
                reached[number] = 1
                return number == chosen
            }

            """.utf8)
    }
}

extension [UInt8] {
    /// Whether the file that they are imports that module.
    fileprivate func imports(_ module: String) -> Bool {
        String(decoding: self, as: UTF8.self).split(separator: "\n").contains {
            $0.hasSuffix("import \(module)")
        }
    }
}
