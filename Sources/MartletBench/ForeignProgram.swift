// Programs that are not ours: found, asked for their version, named by their package when missing.
internal import FoundationEssentials
internal import Glibc
internal import MartletLocal

/// A program of the system.
struct ForeignProgram {
    /// How long it may take to tell its version.
    private static let versionLimit = Duration.seconds(5)

    /// What it is called.
    let name: String
    /// Where it is.
    let path: String

    /// Looks for it; throws, with the Debian package that has it, when it is not installed.
    init(_ name: String, package: String) throws(LocalFailure) {
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        guard let path = Self.find(name, in: folders) else {
            throw LocalFailure(
                "\(name) is not installed: on Debian and its like it is in the package \(package) "
                    + "(apt-get install \(package))")
        }
        self.name = name
        self.path = path
    }

    /// The first program of that name in `folders`, separated by colons as in `PATH`.
    static func find(_ name: String, in folders: String) -> String? {
        folders.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { path in
            unsafe access(path, X_OK) == 0
        }
    }

    /// Starts it; its output goes to the end of the file at `logPath`.
    func start(_ arguments: [String], logPath: String) throws(LocalFailure) -> ChildProcess {
        try ChildProcess(program: path, arguments: arguments, logPath: logPath)
    }

    /// Its name and version: what `--version` says, up to what few want to know. `logPath` is
    /// written over.
    func version(logPath: String) async throws -> String {
        try LocalFiles.write("", to: logPath)
        let child = try start(["--version"], logPath: logPath)
        let deadline = ContinuousClock.now + Self.versionLimit
        while child.reap() == nil {
            guard ContinuousClock.now < deadline else {
                _ = await child.stop(within: .zero)
                throw LocalFailure("\(path) does not tell its version")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        let text = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        return "\(name) \(Self.version(in: text) ?? "of an unknown version")"
    }

    /// The first word with a digit and a dot in it, without what stands before the digit.
    static func version(in text: String) -> String? {
        for word in text.split(whereSeparator: \.isWhitespace) where word.contains(".") {
            let number = word.drop { !($0.isASCII && $0.isNumber) }
            if number.contains(".") { return String(number) }
        }
        return nil
    }
}
