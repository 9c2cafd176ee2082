// The built `martlet` as a child of the tests, its output in our hands. It ends with the test at
// the latest: an owner kills it, and should the tests themselves die, its standard input ends.
import Foundation
import Glibc
import Testing

/// A running `martlet`. `@unchecked Sendable`: one test or actor at a time uses it.
final class ProcessNode: @unchecked Sendable {
    /// How a process ended.
    enum Ending: Hashable {
        /// By itself, with this status.
        case exited(CInt)
        /// By a signal.
        case killed(CInt)
    }

    /// The executable that is built beside the tests.
    static let executable: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return (tests ?? CommandLine.arguments[0]).prefix { _ in true }
            .split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/martlet"
    }()

    /// Whether there is one to test.
    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: executable) }

    /// How long anything of a process may take.
    private static let patience = Duration.seconds(30)

    let pid: pid_t
    /// All that it has printed as far as it was read.
    private(set) var output = ""
    private let lifeline: CInt
    private let outlet: CInt
    private var ending: Ending?

    /// Starts `martlet` with `arguments`.
    init(_ arguments: [String]) throws {
        var input: [CInt] = [0, 0]
        var output: [CInt] = [0, 0]
        try #require(unsafe pipe(&input) == 0)
        try #require(unsafe pipe(&output) == 0)
        // No end is for another child: it would keep this one's pipes from ending.
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer {
            close(input[0])
            close(output[1])
        }
        lifeline = input[1]
        outlet = output[0]
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output[1], STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // What the tests themselves were started to ignore is no matter of the node's.
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        var words = unsafe (["martlet"] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        var child: pid_t = 0
        let problem = unsafe posix_spawn(
            &child, Self.executable, &actions, &attributes, words, environ)
        pid = child
        try #require(problem == 0, "cannot start \(Self.executable)")
    }

    deinit {
        _ = end(by: SIGKILL)
        close(lifeline)
        close(outlet)
    }

    /// Starts a node with the configuration in a file.
    static func start(configuration path: String, _ overrides: [String] = []) throws -> ProcessNode
    {
        try ProcessNode(
            ["start", "--config", path, "--stop-with-stdin"]
                + overrides.flatMap { ["--set", $0] })
    }

    /// Whether it still runs.
    var isRunning: Bool {
        if ending == nil { reap(WNOHANG) }
        return ending == nil
    }

    /// Waits until it has printed `text`.
    func awaitOutput(_ text: String) throws {
        let deadline = ContinuousClock.now + Self.patience
        while !output.contains(text) {
            guard try readOutput(until: deadline) else {
                throw ClusterTestError("martlet ended before it said '\(text)': \(output)")
            }
        }
    }

    /// Waits until it ends by itself.
    func awaitEnd() throws -> Ending {
        let deadline = ContinuousClock.now + Self.patience
        while try readOutput(until: deadline) {}
        reap(0)
        return try #require(ending)
    }

    /// Sends a signal and waits for the end.
    func end(by signal: CInt) -> Ending? {
        guard isRunning else { return ending }
        kill(pid, signal)
        if signal == SIGKILL { reap(0) } else { _ = try? awaitEnd() }
        return ending
    }

    /// Reads what there is, waiting for it; false at the end of the output.
    private func readOutput(until deadline: ContinuousClock.Instant) throws -> Bool {
        let left = ContinuousClock.now.duration(to: deadline)
        var interest = pollfd(fd: outlet, events: Int16(POLLIN), revents: 0)
        let ready = unsafe poll(&interest, 1, CInt(max(0, left / .milliseconds(1))))
        guard ready > 0 else { throw ClusterTestError("martlet says nothing more: \(output)") }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe read(outlet, &bytes, bytes.count)
        guard count > 0 else { return false }
        output += String(decoding: bytes[..<count], as: UTF8.self)
        return true
    }

    private func reap(_ options: CInt) {
        var status: CInt = 0
        guard unsafe waitpid(pid, &status, options) == pid else { return }
        let signal = status & 0x7F
        ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
    }
}

/// Real nodes at the places of a plan.
actor ProcessCluster {
    nonisolated let plan: ClusterPlan
    private var nodes: [ProcessNode?]

    private init(_ plan: ClusterPlan) throws {
        self.plan = plan
        nodes = Array(repeating: nil, count: plan.places.count)
        for index in plan.places.indices {
            try plan.yaml(index).write(
                toFile: Self.file(plan, index), atomically: true, encoding: .utf8)
        }
    }

    private static func file(_ plan: ClusterPlan, _ index: Int) -> String {
        "\(plan.directory)/\(plan.places[index].name).yaml"
    }

    /// The configuration file of node `index`.
    nonisolated func configuration(_ index: Int) -> String { Self.file(plan, index) }

    /// Starts node `index` and waits until it serves.
    func start(_ index: Int) async throws {
        let node = try ProcessNode.start(configuration: configuration(index))
        nodes[index] = node
        try await blocking { try node.awaitOutput("serves clients at") }
    }

    /// Ends node `index` by a signal.
    @discardableResult
    func end(_ index: Int, by signal: CInt) async throws -> ProcessNode.Ending? {
        guard let node = nodes[index] else { return nil }
        nodes[index] = nil
        if signal == SIGKILL { return node.end(by: signal) }
        return try await blocking { node.end(by: signal) }
    }

    /// Whether the process that was started last for node `index` still runs.
    func isRunning(_ index: Int) -> Bool { nodes[index]?.isRunning ?? false }

    /// What node `index` has printed, once it has stopped.
    func output(_ index: Int) async throws -> String? {
        guard let node = nodes[index] else { return nil }
        _ = try await end(index, by: SIGTERM)
        return node.output
    }

    /// The process of node `index`.
    func pid(_ index: Int) -> pid_t? { nodes[index]?.pid }

    private func killAll() {
        nodes = nodes.map { _ in nil }
    }

    /// Runs `body` with a cluster of `count` processes and kills those that run at its end, however
    /// it ends. There are places for `spare` others.
    static func run(
        _ count: Int, spare: Int = 0, _ body: (ProcessCluster) async throws -> Void
    ) async throws {
        let cluster = try ProcessCluster(ClusterPlan(count + spare))
        do {
            for index in 0..<count { try await cluster.start(index) }
            try await cluster.plan.create(count)
            try await body(cluster)
        } catch {
            await cluster.killAll()
            throw error
        }
        await cluster.killAll()
    }
}
