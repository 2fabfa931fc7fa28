import DataPlaneCore
import FunctionsAPI

extension ServeSettings {
    /// Settings of the FUNCTIONS API where it runs functions.
    struct Functions {
        /// Where the keys of tokens are.
        static let secretNames = ["PROJECTD_FUNCTIONS_JWT_SECRET"]
        private static let mebibytes = 32...65_536
        private static let seconds = 1...86_400

        /// The folder of all functions.
        var folder: String
        /// Whether a function that was put there by hand needs a token.
        var verifiesTokens: Bool
        var configuration: FunctionConfiguration
        var verifier: TokenVerifier

        /// - Parameter environment: all of it: functions see what is not the server's.
        init(
            _ reader: SettingReader, tokens: TokenKeySettings, environment: [String: String]
        ) throws(SettingProblem) {
            guard let folder = reader.text("PROJECTD_FUNCTIONS_FOLDER") else {
                throw SettingProblem("PROJECTD_FUNCTIONS_FOLDER", "not set; give the folder that functions lie in")
            }
            self.folder = folder
            verifiesTokens = try reader.bool("PROJECTD_FUNCTIONS_VERIFY_JWT") ?? true
            configuration = FunctionConfiguration(
                program: reader.text("PROJECTD_DENO") ?? "/usr/local/bin/deno",
                workFolder: reader.text("PROJECTD_FUNCTIONS_WORK_FOLDER") ?? "/tmp/functions")
            configuration.reachable = reader.list("PROJECTD_FUNCTIONS_NET") ?? []
            configuration.environment = FunctionConfiguration.passedOn(environment)
            configuration.region = reader.text("PROJECTD_FUNCTIONS_REGION") ?? configuration.region
            guard Self.secretNames.contains(where: { reader.text($0) != nil }) else {
                throw SettingProblem(
                    "PROJECTD_FUNCTIONS_JWT_SECRET", "not set; give the secret that tokens are signed with")
            }
            verifier = TokenVerifier(keys: try tokens.checking(Self.secretNames), audience: nil)
            try Self.read(&configuration.limits, reader)
        }

        private static func read(_ limits: inout FunctionLimits, _ reader: SettingReader) throws(SettingProblem) {
            if let size = try reader.int("PROJECTD_FUNCTIONS_MEMORY_MIB", mebibytes) {
                limits.memoryBytesMax = size << 20
            }
            func time(_ name: String, _ value: inout Double) throws(SettingProblem) {
                if let number = try reader.int("PROJECTD_FUNCTIONS_" + name, seconds) { value = Double(number) }
            }
            try time("CPU_SECONDS", &limits.processorSecondsMax)
            try time("ANSWER_SECONDS", &limits.answerSecondsMax)
            try time("BOOT_SECONDS", &limits.bootSecondsMax)
            try time("IDLE_SECONDS", &limits.idleSecondsMax)
            try time("AGE_SECONDS", &limits.ageSecondsMax)
            limits.requestsMax = try reader.int("PROJECTD_FUNCTIONS_REQUESTS_MAX", 1...10_000) ?? limits.requestsMax
            limits.processesMax = try reader.int("PROJECTD_FUNCTIONS_PROCESSES_MAX", 1...1_000) ?? limits.processesMax
        }
    }

    /// The server that runs the functions, `http://HOST:PORT`; nil where there is none.
    static func functionsServer(_ reader: SettingReader) throws(SettingProblem) -> ServerAddress? {
        let name = "PROJECTD_FUNCTIONS_URL"
        guard let text = reader.text(name) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0] == "http:", let colon = parts[1].lastIndex(of: ":"),
            let port = Int(parts[1][parts[1].index(after: colon)...]), (1...65_535).contains(port)
        else { throw SettingProblem(name, "not of the form http://HOST:PORT") }
        return ServerAddress(host: String(parts[1][..<colon]), port: port)
    }
}
