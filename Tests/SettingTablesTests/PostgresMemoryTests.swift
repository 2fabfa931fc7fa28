import Orchestrator
import ProjectModel
import SettingTables
import Testing

@Suite("Memory of PostgreSQL")
struct PostgresMemoryTests {
    private func problem(_ values: [String: String], changed: Set<String>? = nil) -> String? {
        let own = Dictionary(
            uniqueKeysWithValues: values.map { ("POSTGRES_\($0.key.uppercased())", Secret($0.value)) })
        let names = StackSettings.postgres.settings.map(\.key)
        let settings = ProjectSettingsValues(
            values: own,
            declared: names.map { DeclaredSetting(name: "POSTGRES_\($0.uppercased())", defaultValue: nil) },
            apiNames: Dictionary(
                uniqueKeysWithValues: names.map { (SettingName(.database, $0), "POSTGRES_\($0.uppercased())") }))
        return PostgresMemory().problem(with: settings, limit: 1 << 30, changed: changed ?? Set(own.keys))
    }

    @Test(
        "what fits into the container is fine",
        arguments: [
            [:], ["shared_buffers": "512MB"], ["shared_buffers": "65536"], ["work_mem": "512MB"],
            ["max_connections": "500"], ["shared_buffers": "16"], ["statement_timeout": "10000000"],
        ])
    func fits(values: [String: String]) { #expect(problem(values) == nil) }

    @Test(
        "what does not is reported by name",
        arguments: [
            (["shared_buffers": "1GB"], "shared_buffers"), (["shared_buffers": "131072"], "shared_buffers"),
            (["shared_buffers": "800MB"], "at most 768 MB"), (["work_mem": "1GB"], "work_mem of 1024 MB"),
            (["shared_buffers": "512MB", "maintenance_work_mem": "600MB"], "maintenance_work_mem of 600 MB"),
            (["logical_decoding_work_mem": "2097152"], "logical_decoding_work_mem of 2048 MB"),
            (["max_connections": "262143"], "max_connections"),
            (["max_locks_per_transaction": "2147483640"], "max_locks_per_transaction"),
        ])
    func tooMuch(values: [String: String], word: String) {
        #expect(problem(values)?.contains(word) == true, "\(problem(values) ?? "-")")
    }

    @Test("nothing is said of what was not changed")
    func silence() {
        #expect(problem(["shared_buffers": "1GB", "work_mem": "4MB"], changed: ["POSTGRES_STATEMENT_TIMEOUT"]) == nil)
    }
}
