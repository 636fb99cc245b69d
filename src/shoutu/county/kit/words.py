"""What fields and things are called to a person: programs read `field` and `type`, people read these."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FIELDS = {
    "address": _("地址或号码"), "after": _("接在哪一条后面"), "amount": _("数量"), "areas": _("范围"), "at": _("时间"),
    "bearer": _("持证人"), "before_h": _("提前的小时数"),
    "body": _("内容"), "capacity": _("产能"), "channel": _("通道"), "code": _("代码"), "colour": _("颜色"),
    "count": _("人数"), "county": _("县名"), "crs": _("坐标系"), "current": _("现在用的密码"), "danger": _("危险方向"),
    "dated": _("日期"), "days": _("天数"), "deputy": _("代理人"), "detail": _("详情"), "display": _("显示名"),
    "document": _("文件"), "done_at": _("办完时间"), "due_at": _("时限"), "email": _("邮箱"), "end": _("结束时间"),
    "ends_at": _("结束时间"), "events": _("已知事件"), "every": _("周期"), "every_minutes": _("间隔"),
    "features": _("边界文件"),
    "file": _("文件"), "first_day": _("开始日期"), "first_due": _("首次到期日"), "folder": _("文件夹"),
    "followers": _("并入的预警"), "from_at": _("开始时间"), "from": _("开始时间"), "grade": _("等别"),
    "hash": _("哈希"), "head": _("树头"), "headline": _("标题"), "high": _("上限"), "hours": _("小时数"),
    "how": _("方式"), "interval_s": _("间隔"), "issued_by": _("发证机关"), "item": _("监测项"),
    "item_title": _("监测项"), "key": _("防重编号"), "kind": _("种类"), "known_head": _("树头"),
    "last_day": _("结束日期"), "latitude": _("纬度"), "lead_days": _("提前天数"), "level": _("等级"),
    "limit": _("限值"), "limits": _("限值"), "longitude": _("经度"), "low": _("下限"), "matters": _("管什么"),
    "name": _("名称"), "names": _("名单"), "note": _("说明"), "number": _("编号"), "old": _("现在用的密码"),
    "outcome": _("结论"),
    "organisation": _("单位"), "other": _("另一方"), "others": _("另一方"), "owner": _("责任人"), "pack": _("规则包"),
    "parent": _("上级"), "params": _("限值"), "password": _("密码"), "permissions": _("权限"), "person": _("人员"),
    "persons": _("人数"), "phone": _("电话"), "place": _("位置"), "plan": _("方案"), "planned_end": _("计划结束时间"),
    "point": _("测点"), "post": _("岗位"), "posts": _("责任岗位"), "rank": _("层级"), "reason": _("原因"),
    "received_by": _("签收人"), "replacement": _("替换"), "result": _("核实结果"), "review_on": _("复查日"),
    "role": _("角色"), "rows": _("行"), "rule": _("规则"), "rung": _("叫应层级"), "sectors": _("行业"),
    "sender": _("谁的指令"), "sent_at": _("发出时间"), "settings": _("设置"), "signer": _("签发人"),
    "since": _("开始时间"), "site": _("场所"), "sites": _("场所"), "source": _("数据来源"), "standing": _("状态"),
    "start": _("开始时间"), "starts_at": _("开始时间"), "state": _("状态"), "subject": _("对象"),
    "superior": _("上级单位"), "table": _("表"), "target": _("见证处"), "territory": _("行政区"), "text": _("正文"),
    "their_number": _("文号"), "title": _("标题"), "to": _("结束时间"), "townships": _("乡镇"), "trial": _("试算"),
    "type": _("种类"), "unit": _("单位符号"), "until": _("截止时间"), "url": _("网址"), "user": _("账号"),
    "username": _("用户名"), "valid_from": _("有效期起"), "valid_until": _("有效期止"), "values": _("设计值"),
    "as_it_stands": _("状态"), "facts": _("详情"),
    "warning": _("预警"), "warnings": _("预警"), "way": _("方式"), "weekdays": _("星期"), "whole": _("范围"),
    "withdraw": _("撤人"), "xml": _("报文"), "axis": _("方向"), "mn": _("数采仪编号"), "seconds": _("按秒计的时间"),
    "zone": _("时区"), "host": _("设备地址"), "device": _("设备"), "every_s": _("每几秒问一次"),
    "fault": _("表示没有值的数"), "function": _("功能码"), "index": _("寄存器"),
    "offset": _("加上"), "order": _("字节顺序"), "port": _("端口"), "registers": _("读哪些值"),
    "replaces": _("改的是哪个设备"), "scale": _("乘以"),
    "timeout_s": _("等几秒"), "endpoint": _("服务器地址"), "security": _("安全方式"), "server": _("服务器证书指纹"),
    "sample_s": _("每几秒看一次值"), "beat_s": _("不变也重读的秒数"), "nodes": _("读哪些节点"), "node": _("节点号"),
    "element": _("数组第几个元素"), "time": _("用谁的时间"),
}  # fmt: skip

THINGS = {
    "channel": _("通道"), "contact": _("号码"), "dispatch": _("发送记录"), "document": _("文件"),
    "document_file": _("文件"), "document_picture": _("能显示的图"), "duty": _("待办"), "embed": _("嵌入页面"),
    "entry": _("账本条目"),
    "evacuation": _("撤人"), "evidence": _("证据"), "finding": _("缺项"), "handover": _("交接班记录"),
    "import": _("导入"), "leaf": _("账本条目"), "leave": _("离岗"), "licence": _("证照"), "obligation": _("责任书"),
    "obligation_due": _("到期责任"), "order": _("指令"), "organisation": _("单位"), "pack": _("规则包"),
    "person": _("人员"), "point": _("测点"), "policy_text": _("响应方案"), "post": _("岗位"),
    "proposal": _("复核"), "report": _("上报"),
    "responsibility": _("责任关系"), "rule": _("规则"), "rule_care": _("规则责任人"), "shift": _("班次"),
    "silence": _("静默"), "site": _("场所"), "source": _("数据来源"), "superior": _("上级单位"), "table": _("表"),
    "territory": _("行政区"), "token": _("令牌"), "unclaimed": _("待认领地址"), "user": _("账号"),
    "warning": _("预警"), "weather": _("气象预警"), "weather_message": _("气象信息"),
}  # fmt: skip


def field_words(path: str) -> str:
    """The last name of a path like `dispatches.0.channel`, as people say it; a name not listed stays as it is."""
    names = [part for part in path.split(".") if not part.isdigit()]
    return str(FIELDS.get(names[-1], path)) if names else path


def thing_words(kind: str) -> str:
    """What a kind of thing is called."""
    return str(THINGS.get(kind, kind))
