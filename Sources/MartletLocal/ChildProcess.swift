// A process of our own making: started with a lifeline, so that it never outlives us. Knows nothing
// of nodes.
package import Glibc

internal import FoundationEssentials

/// A running child. Its standard input is the far end of a pipe that this object holds open: when
/// we die, however that may be, a child that watches for the end of it stops.
package final class ChildProcess {
    /// The child's process id.
    package let pid: pid_t
    private let lifeline: CInt
    /// How it ended; nil while it runs.
    package private(set) var ending: Ending?

    /// How a process ended.
    package enum Ending: Hashable, CustomStringConvertible {
        /// By itself, with this status.
        case exited(CInt)
        /// By a signal.
        case killed(CInt)

        /// In a few words.
        package var description: String {
            switch self {
            case .exited(0): "stopped"
            case .exited(let status): "exited with status \(status)"
            case .killed(SIGKILL): "was killed (SIGKILL)"
            case .killed(let signal): "was killed by signal \(signal)"
            }
        }
    }

    /// Starts the program at `program`, or this very one; its output is appended to the file at
    /// `logPath`.
    package init(
        program: String? = nil, arguments: [String], logPath: String
    ) throws(LocalFailure) {
        var ends: [CInt] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw Self.failure("make a pipe", errno) }
        // Neither end is for the next child: it would hold this one's lifeline.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var child: pid_t = 0
        let words = [program ?? "martlet"] + arguments
        let problem = Self.spawn(
            program ?? "/proc/self/exe", words, input: ends[0], logPath: logPath, pid: &child)
        guard problem == 0 else {
            close(ends[1])
            throw Self.failure("start a process", problem)
        }
        pid = child
        lifeline = ends[1]
    }

    deinit {
        close(lifeline)
    }

    /// Sends a signal, unless it has ended.
    package func signal(_ number: CInt) {
        if ending == nil { kill(pid, number) }
    }

    /// Looks whether it has ended, without waiting.
    package func reap() -> Ending? {
        if ending != nil { return ending }
        var status: CInt = 0
        guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
        // As WIFSIGNALED and WEXITSTATUS have it, which are macros.
        let signal = status & 0x7F
        ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
        return ending
    }

    /// Stops it: by SIGTERM, and by SIGKILL when it has not ended within `limit`.
    package func stop(within limit: Duration) async -> Ending {
        signal(SIGTERM)
        let deadline = ContinuousClock.now + limit
        while true {
            if let ending = reap() { return ending }
            if ContinuousClock.now >= deadline { signal(SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func spawn(
        _ path: String, _ words: [String], input: CInt, logPath: String, pid: inout pid_t
    ) -> CInt {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        unsafe posix_spawn_file_actions_addopen(
            &actions, STDOUT_FILENO, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C is for us, and we stop the children in order.
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        return unsafe withCStrings(words) { words in
            unsafe withCStrings(environment.sorted()) { variables in
                unsafe posix_spawn(&pid, path, &actions, &attributes, words, variables)
            }
        }
    }

    private static func failure(_ what: String, _ code: CInt) -> LocalFailure {
        unsafe LocalFailure("cannot \(what): \(String(cString: strerror(code)))")
    }
}

/// Calls `body` with `texts` as C has lists of strings.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = unsafe texts.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer {
        for index in unsafe pointers.indices { unsafe free(pointers[index]) }
    }
    return unsafe pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("a list with no end") }
        return unsafe body(base)
    }
}
