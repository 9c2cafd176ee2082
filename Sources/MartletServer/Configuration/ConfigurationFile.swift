// Bringing a configuration file into memory, bounded; nothing of its content.
internal import Glibc

extension ServerConfiguration {
    /// Reads the configuration in the file at `path`, with `overrides` on top.
    ///
    /// - Throws: every problem at once, or that the file cannot be read.
    package static func load(
        path: String, overrides: [String] = []
    ) throws(ConfigurationError) -> ServerConfiguration {
        let limit = ConfigurationDocument.byteLimit
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count <= limit {
            let received = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress! + count, buffer.count - count)
            }
            if received == 0 { break }
            if received < 0, errno == EINTR { continue }
            guard received > 0 else { throw unreadable(path) }
            count += received
        }
        guard count <= limit else { throw unusable(path, .tooLarge(limit: limit)) }
        guard let yaml = String(validating: bytes[..<count], as: UTF8.self) else {
            throw unusable(path, .notYAML("its bytes are not UTF-8"))
        }
        return try ServerConfiguration(yaml: yaml, file: path, overrides: overrides)
    }

    private static func unreadable(_ path: String) -> ConfigurationError {
        unsafe unusable(path, .unreadable(String(cString: strerror(errno))))
    }

    private static func unusable(
        _ path: String, _ reason: ConfigurationProblem.Reason
    ) -> ConfigurationError {
        ConfigurationError(file: path, problems: [ConfigurationProblem(reason, at: .unset)])
    }
}
