"""The words that the demo company is made up from: common names, and companies and products that do not exist."""

from __future__ import annotations

from typing import Final

FAMILY_NAMES: Final = (
    *(("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"), ("赵", "zhao")),
    *(("黄", "huang"), ("周", "zhou"), ("吴", "wu"), ("徐", "xu"), ("孙", "sun"), ("胡", "hu"), ("朱", "zhu")),
    *(("高", "gao"), ("林", "lin"), ("何", "he"), ("郭", "guo"), ("马", "ma"), ("罗", "luo"), ("梁", "liang")),
)
"""Chinese family names, each with its spelling in e-mail addresses."""

GIVEN_NAMES: Final = (
    *(("建华", "jianhua"), ("晓梅", "xiaomei"), ("志强", "zhiqiang"), ("丽娟", "lijuan"), ("海涛", "haitao")),
    *(("思远", "siyuan"), ("雨桐", "yutong"), ("文博", "wenbo"), ("佳怡", "jiayi"), ("子轩", "zixuan")),
    *(("春燕", "chunyan"), ("国栋", "guodong"), ("婷婷", "tingting"), ("明辉", "minghui"), ("静", "jing")),
    *(("伟", "wei"), ("欣然", "xinran"), ("浩然", "haoran"), ("雪莹", "xueying"), ("俊杰", "junjie")),
)
"""Chinese given names, each with its spelling in e-mail addresses."""

ENGLISH_FAMILY_NAMES: Final = (
    *("Carter", "Miller", "Hughes", "Bennett", "Foster", "Reed", "Ward", "Brooks", "Palmer", "Shaw"),
    *("Grant", "Ellis", "Porter", "Walsh", "Doyle"),
)

ENGLISH_GIVEN_NAMES: Final = (
    *("Emily", "James", "Grace", "Oliver", "Hannah", "Daniel", "Sophie", "Martin", "Laura", "Thomas"),
    *("Alice", "Peter", "Nora", "Simon", "Clara"),
)

PLACES: Final = (
    *("北京", "天津", "石家庄", "沈阳", "大连", "上海", "苏州", "无锡", "杭州", "宁波", "南京", "合肥"),
    *("广州", "佛山", "深圳", "东莞", "厦门", "福州", "长沙", "武汉"),
)
"""Cities where customers are."""

COINED_NAMES: Final = (
    *("青禾川", "云栖谷", "明湖岸", "远岫峰", "松涛里", "澄江月", "北辰岭", "新竹坞", "金麦垄", "银杉坪"),
    *("海棠渡", "星垂野", "鹿鸣原", "鹤影洲", "溪石湾", "岩松台"),
)
"""Names coined for customers."""

BUSINESSES: Final = (
    ("精密制造有限公司", "Manufacturing 制造"),
    ("生物科技有限公司", "Life science 生命科学"),
    ("新材料有限公司", "Materials 新材料"),
    ("电子股份有限公司", "Electronics 电子"),
    ("食品检测中心", "Food safety 食品安全"),
    ("环境监测有限公司", "Environment 环境"),
)
"""What customers do, as it ends their names, and the sector."""

OVERSEAS_CUSTOMERS: Final = (
    ("Tarnwick Robotics Ltd", "Electronics 电子", "Leeds"),
    ("Oldmere Foods plc", "Food safety 食品安全", "Dublin"),
    ("Quillstone Biologics Inc.", "Life science 生命科学", "Boston"),
    ("Fernhollow Materials LLC", "Materials 新材料", "Denver"),
    ("Brackenford Precision GmbH", "Manufacturing 制造", "Stuttgart"),
    ("Saltmarsh Monitoring Pty Ltd", "Environment 环境", "Perth"),
)
"""Customers who are invoiced in US dollars: name, sector, city."""

LOST_REASONS: Final = (
    "Price 价格",
    "Chose a competitor 选择了竞品",
    "Budget postponed 预算推迟",
    "No decision 没有决定",
    "Specification not met 技术指标不符",
)
