"""The log pipeline of the template: its remap programs run by Vector's own language on lines as the services write them.

The queries behind the dashboard's log pages read the fields that are checked here.
"""

import json
import unittest

import yaml

import stack

try:
    from vrl_python import VRLRuntime
except ImportError:
    VRLRuntime = None

SERVICES = ("gateway", "auth", "rest", "realtime", "storage", "functions", "db")
CONFIGURATION = stack.TEMPLATE / "volumes/logs/vector.yml"


@unittest.skipUnless(VRLRuntime, "needs Vector's remap language: Tests/Images/requirements.txt")
class LogPipelineTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.transforms = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["transforms"]

    def line(self, service, text):
        event = {"appname": service, "message": text, "timestamp": "2026-07-12T10:11:12Z", "host": "engine"}
        for name in ("common", f"{service}_lines"):
            event = VRLRuntime.run(self.transforms[name]["source"], event, "UTC").processed_event
        return event

    def test_every_line_has_text_and_metadata_whatever_it_says(self):
        # The query drops a line without metadata; lines without text are not needed.
        for service in SERVICES:
            for text in ("plain words", '{"level":30}', '{"msg":""}', '{"msg":null,"time":1}', "[1]", "{", '"text"'):
                with self.subTest(service, text=text):
                    event = self.line(service, text)
                    self.assertEqual(event["event_message"], text)
                    self.assertTrue(event["metadata"])
                    self.assertEqual(event["project"], "default")

    def test_storage_lines_carry_the_project_that_the_dashboard_asks_for(self):
        event = self.line("storage", json.dumps({"level": 30, "msg": "[Server] Started", "pid": 1, "hostname": "s"}))
        self.assertEqual(event["event_message"], "[Server] Started")
        self.assertEqual(event["metadata"]["project"], "default")
        self.assertEqual((event["metadata"]["tenantId"], event["metadata"]["level"]), ("default", 30))
        self.assertEqual(event["metadata"]["context"], [{"host": "s", "pid": 1}])
        self.assertEqual(self.line("storage", "no JSON")["metadata"]["project"], "default")

    def test_lines_of_the_other_services_are_taken_apart(self):
        gateway = self.line("gateway", json.dumps({"method": "GET", "path": "/rest/v1/", "status": 401}))
        self.assertEqual(gateway["metadata"]["request"]["method"], "GET")
        self.assertEqual(gateway["metadata"]["response"]["status_code"], 401)
        auth = self.line("auth", json.dumps({"level": "info", "msg": "signed in", "time": "2026-07-12T10:11:12Z"}))
        self.assertEqual(auth["metadata"]["msg"], "signed in")
        rest = self.line("rest", "12/Jul/2026:10:11:12 +0000: Listening")
        self.assertEqual((rest["event_message"], rest["metadata"]["host"]), ("Listening", "rest"))
        realtime = self.line("realtime", "10:11:12.345 project=x [info] joined")
        self.assertEqual((realtime["event_message"], realtime["metadata"]["level"]), ("joined", "info"))
        self.assertEqual(self.line("functions", "hello")["metadata"]["project_ref"], "default")
        db = self.line("db", "2026-07-12 10:11:12.345 UTC [42] ERROR:  no")
        self.assertEqual(db["metadata"]["parsed"]["error_severity"], "ERROR")


if __name__ == "__main__":
    unittest.main()
