import ManagementClient
import ProjectModel
import Testing

@Suite("Progress")
struct ProgressTests {
    private func sighting(
        _ status: String, _ services: [(String, String)], events: [ProjectEvent] = []
    ) -> ProjectSighting {
        ProjectSighting(
            progress: ProjectProgress(
                ref: Sample.refText, status: status,
                services: services.map { ProjectProgress.Service(service: $0.0, state: $0.1) }),
            events: events)
    }

    @Test("only changes are shown")
    func changes() {
        var tracker = ProgressTracker(title: "shop")
        let event = ProjectEvent(at: "2026-01-01T00:00:00.000Z", status: "COMING_UP", message: "accepted")
        var seen = tracker.observe(sighting("COMING_UP", [("db", "coming_up")], events: [event]), at: .seconds(1))
        #expect(
            seen == [.event(event), .status("COMING_UP"), .service("db", state: "coming_up", message: nil)])
        seen = tracker.observe(sighting("COMING_UP", [("db", "coming_up")]), at: .seconds(2))
        #expect(seen.isEmpty)
        seen = tracker.observe(sighting("COMING_UP", [("db", "ready"), ("rest", "coming_up")]), at: .seconds(3))
        #expect(
            seen == [
                .service("db", state: "ready", message: nil), .service("rest", state: "coming_up", message: nil),
            ])
        #expect(tracker.observe(ProjectSighting(progress: nil), at: .seconds(4)) == [.gone])
        #expect(tracker.observe(ProjectSighting(progress: nil), at: .seconds(5)).isEmpty)
    }

    @Test("on the way down services are not told", arguments: [WaitGoal.paused, .gone])
    func wayDown(_ goal: WaitGoal) {
        var tracker = ProgressTracker(title: "shop", goal: goal)
        #expect(tracker.observe(sighting("PAUSING", [("db", "failing")]), at: .zero) == [.status("PAUSING")])
        #expect(tracker.frame(at: .zero, columns: 80, style: Style(isColored: false)) == ["shop  PAUSING  0 s"])
    }

    @Test("a frame has a line per service: its state, and since when")
    func frame() {
        let style = Style(isColored: false)
        var tracker = ProgressTracker(title: "shop")
        _ = tracker.observe(sighting("COMING_UP", [("db", "coming_up"), ("rest", "coming_up")]), at: .seconds(1))
        _ = tracker.observe(sighting("COMING_UP", [("db", "ready"), ("rest", "coming_up")]), at: .seconds(4))
        #expect(
            tracker.frame(at: .seconds(70), columns: 80, style: style) == [
                "shop  COMING_UP  1 min 10 s", "  db    ready      1 min 6 s", "  rest  coming up  1 min 9 s",
            ])
        for columns in 0...40 {
            for line in tracker.frame(at: .seconds(70), columns: columns, style: style) {
                #expect(DisplayText.width(line) <= columns)
            }
        }
    }

    @Test("a service that is not part of the project any more leaves the frame")
    func removedService() {
        var tracker = ProgressTracker(title: "shop")
        _ = tracker.observe(sighting("COMING_UP", [("db", "ready"), ("rest", "ready")]), at: .zero)
        _ = tracker.observe(sighting("COMING_UP", [("db", "ready")]), at: .zero)
        #expect(tracker.frame(at: .zero, columns: 80, style: Style(isColored: false)).count == 2)
    }

    @Test("a pull is a line for each tenth of it, not for each byte")
    func pulls() {
        var tracker = ProgressTracker(title: "shop")
        func lines(_ bytes: Int64, of total: Int64?) -> Int {
            let pull = ProjectProgress.ImagePull(
                image: "a", layers: 2, layersDone: 0, bytes: bytes, bytesTotal: total)
            let service = ProjectProgress.Service(
                service: "db", state: "coming_up", message: "\(bytes)", imagePull: pull)
            let progress = ProjectProgress(ref: Sample.refText, status: "COMING_UP", services: [service])
            return tracker.observe(ProjectSighting(progress: progress), at: .zero).count
        }
        #expect(lines(0, of: nil) == 2)
        #expect([1, 2, 3].map { lines($0, of: nil) } == [0, 0, 0])
        #expect([5, 9, 10, 19, 20, 99, 100].map { lines($0, of: 100) } == [0, 0, 1, 0, 1, 1, 1])
        #expect(lines(.max, of: 1) == 0)
        _ = tracker.observe(sighting("COMING_UP", [("db", "ready")]), at: .zero)
        #expect(lines(.min, of: 1) == 1)
    }

    @Test("a change is one line, whatever it says")
    func lines() {
        let event = ProjectEvent(at: "", status: "", message: "first\nsecond\u{1B}[2J")
        #expect(ProgressTracker.line(.event(event), at: .seconds(3)) == "[3 s] first second[2J")
        let change = ProgressTracker.Change.service("db", state: "coming_up", message: "starting")
        #expect(ProgressTracker.line(change, at: .seconds(61)) == "[1 min 1 s] db is coming up: starting")
    }

    @Test("each drawing begins where the last one began, and leaves nothing of it")
    func liveArea() {
        var area = LiveArea()
        #expect(area.draw(["a", "b"], rows: 24) == "a\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
        #expect(area.draw(["c"], rows: 24) == "\u{1B}[2A\rc\u{1B}[K\n\u{1B}[J")
        // Lines that would scroll are left out, and the next drawing goes up by what was drawn.
        #expect(area.draw(["a", "b", "c"], rows: 3) == "\u{1B}[1A\ra\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
        #expect(area.draw(["a"], rows: 3).hasPrefix("\u{1B}[2A"))
    }

    @Test("a history tells every line once, in its order")
    func history() {
        let events = (0..<6).map { ProjectEvent(at: "2026-01-01T00:00:0\($0 / 2).000Z", status: "", message: "\($0)") }
        var history = EventHistory()
        var told: [ProjectEvent] = []
        for end in 1...events.count { told += history.new(in: Array(events[max(0, end - 3)..<end])) }
        #expect(told == events)
        var later = EventHistory(last: events[3])
        #expect(later.new(in: events) == [events[2], events[4], events[5]])
    }

    @Test("what a status means for a wait is decided for every status")
    func goals() {
        func verdicts(_ goal: WaitGoal) -> [StudioStatus: String] {
            Dictionary(
                uniqueKeysWithValues: StudioStatus.allCases.map { status in
                    switch goal.judge(status) {
                    case .waiting: (status, "waiting")
                    case .reached: (status, "reached")
                    case .missed: (status, "missed")
                    }
                })
        }
        let running = verdicts(.running)
        #expect(Set(running.filter { $0.value == "reached" }.keys) == [.activeHealthy])
        let missed: Set<StudioStatus> = [
            .initFailed, .restoreFailed, .pauseFailed, .inactive, .pausing, .removed, .goingDown,
        ]
        #expect(Set(running.filter { $0.value == "missed" }.keys) == missed)
        let paused = verdicts(.paused)
        #expect(Set(paused.filter { $0.value == "reached" }.keys) == [.inactive])
        #expect(
            Set(paused.filter { $0.value == "missed" }.keys) == [
                .pauseFailed, .initFailed, .restoreFailed, .removed, .goingDown,
            ])
        #expect(Set(verdicts(.gone).filter { $0.value == "reached" }.keys) == [.removed])
        #expect(!verdicts(.gone).values.contains("missed"))
        #expect(WaitGoal.gone.judge(nil) == .reached)
        for goal in [WaitGoal.running, .paused] {
            guard case .missed = goal.judge(nil) else {
                Issue.record("a project that is gone does not come up any more")
                continue
            }
        }
    }

    @Test("a failed start says which service, why, the end of its log, and what to do")
    func failureReport() throws {
        let failure = ProjectProgress.Failure(
            service: "auth", message: "exited with 1",
            logTail: (1...30).map { "line \($0)\u{1B}[0m" }.joined(separator: "\n"))
        let progress = ProjectProgress(ref: Sample.refText, status: "INIT_FAILED", failure: failure)
        let ref = try Sample.ref()
        let text = try #require(
            FailureReport.text(.missed("it failed to start", progress), of: "shop", ref: ref, goal: .running))
        let lines = text.split(separator: "\n")
        #expect(lines[0] == "project shop: it failed to start (INIT_FAILED)")
        #expect(lines[1] == "service auth: exited with 1")
        #expect(lines[2] == "The end of its log:")
        #expect(lines[3] == "  | line 11")
        #expect(lines[22] == "  | line 30")
        #expect(lines[23].contains("projects resume \(ref)"))
        #expect(lines[24].contains("projects delete \(ref)"))
        #expect(FailureReport.text(.reached, of: "shop", ref: ref, goal: .running) == nil)
    }

    @Test("a wait that took too long says what was late")
    func timeoutReport() throws {
        let progress = ProjectProgress(
            ref: Sample.refText, status: "COMING_UP",
            services: [
                ProjectProgress.Service(service: "db", state: "ready"),
                ProjectProgress.Service(service: "auth", state: "coming_up", message: "waits for db"),
            ])
        let text = try #require(
            FailureReport.text(.timedOut(progress), of: "shop", ref: try Sample.ref(), goal: .running))
        #expect(text.contains("  auth is not ready: waits for db"))
        #expect(!text.contains("db is not ready"))
        #expect(text.contains("projects get \(Sample.refText)"))
    }
}
