// Which run it was that took the process down: a trap in a node's own code cannot be caught, but
// the thread that it is met on knows what it was playing.
internal import Glibc

/// Names the run on a thread, for standard error, should it be the last.
enum FallenRun {
    /// What a trap, a failed memory access and an abort come as.
    private static let signals = [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE]

    /// Where each thread keeps its line, a string that ends with a zero.
    private static let line: pthread_key_t = {
        var key = pthread_key_t()
        _ = unsafe pthread_key_create(&key, nil)
        return key
    }()

    /// What was done about each signal before, by number: done then, too. Written once, by
    /// `watch`, before any thread that could read it begins.
    private nonisolated(unsafe) static let former = UnsafeMutablePointer<sigaction>.allocate(
        capacity: 1 + Int(signals.max() ?? 0))

    /// From now on a run that takes the process down is named.
    static func watch() {
        _ = line
        for number in signals {
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { FallenRun.tell($0) }
            unsafe sigaction(number, &action, former + Int(number))
        }
    }

    /// This thread plays what `text` says; nothing when that is nil.
    static func note(_ text: String?) {
        let previous = unsafe pthread_getspecific(line)
        let next = unsafe text.flatMap { unsafe strdup("martlet: brought down by \($0)\n") }
        _ = unsafe pthread_setspecific(line, next)
        unsafe free(previous)
    }

    /// Calls only what a signal handler may. What was met is met again after this returns, and then
    /// ends the process as it would have.
    private static func tell(_ number: CInt) {
        if let text = unsafe pthread_getspecific(line) {
            _ = unsafe write(STDERR_FILENO, text, strlen(text.assumingMemoryBound(to: CChar.self)))
        }
        unsafe sigaction(number, former + Int(number), nil)
    }
}
