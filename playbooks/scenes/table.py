"""The demo city as a table: 云州 (Yunzhou), which exists nowhere. Posts, never people."""

from __future__ import annotations

# id, zh, en
SYSTEMS = (
    ("political-legal", "政法", "Political and legal affairs"),
    ("organisation", "组工", "Organisation and personnel"),
    ("construction", "城乡建设", "Urban and rural construction"),
    ("transport", "交通", "Transport"),
    ("agriculture", "农业", "Agriculture"),
    ("opening-up", "对外开放", "Opening-up"),
)
# id, above, kind, zh, en, its information systems: (id, zh, en, business zh, business en, C, I, A, importance, MLPS)
UNITS = (
    ("big-data-bureau", "city", "department", "大数据应用发展管理局", "Big-Data Bureau", (
        ("sharing-exchange", "数据共享交换平台", "Data sharing exchange", "部门数据共享", "Sharing data between departments", 5, 4, 4, 5, 3),
        ("open-data-portal", "公共数据开放平台", "Open data portal", "公共数据开放", "Opening public data", 2, 4, 3, 3, 2),
        ("city-app", "城市统一应用", "Unified city app", "便民服务", "Services for residents", 4, 4, 5, 5, 3))),
    ("public-security", "political-legal", "department", "公安局", "Public Security Bureau", (
        ("population-register", "人口信息系统", "Population register", "人口管理", "Population administration", 5, 5, 4, 5, 3),)),
    ("justice", "political-legal", "department", "司法局", "Bureau of Justice", (
        ("legal-aid", "法律援助平台", "Legal aid platform", "公共法律服务", "Public legal services", 3, 3, 3, 3, 2),)),
    ("emergency", "political-legal", "department", "应急管理局", "Emergency Management Bureau", (
        ("emergency-command", "应急指挥平台", "Emergency command platform", "应急指挥", "Emergency command", 4, 5, 5, 5, 3),)),
    ("human-resources", "organisation", "department", "人力资源和社会保障局", "Human Resources and Social Security Bureau", (
        ("social-insurance", "社会保险系统", "Social insurance system", "社会保险", "Social insurance", 5, 5, 4, 5, 3),
        ("talent-service", "人才服务平台", "Talent service platform", "人才服务", "Talent services", 3, 3, 2, 2, 2))),
    ("civil-affairs", "organisation", "department", "民政局", "Civil Affairs Bureau", (
        ("relief", "社会救助系统", "Social relief system", "社会救助", "Social relief", 4, 4, 3, 4, 2),)),
    ("education", "organisation", "department", "教育委员会", "Education Commission", (
        ("enrolment", "招生入学平台", "School enrolment", "招生入学", "School enrolment", 4, 4, 3, 4, 2),)),
    ("health", "organisation", "department", "卫生健康委员会", "Health Commission", (
        ("health-records", "全民健康信息平台", "Health records platform", "健康档案", "Health records", 5, 5, 4, 5, 3),)),
    ("planning", "construction", "department", "规划和自然资源局", "Planning and Natural Resources Bureau", (
        ("spatial-base", "空间地理基础库", "Spatial base library", "空间地理数据", "Spatial geography data", 4, 5, 3, 4, 3),
        ("land-register", "不动产登记系统", "Land register", "不动产登记", "Land registration", 4, 5, 4, 5, 3))),
    ("housing", "construction", "department", "住房和城乡建设委员会", "Housing and Construction Commission", (
        ("building-permits", "施工许可系统", "Building permits", "施工许可", "Building permits", 3, 4, 3, 3, 2),)),
    ("city-management", "construction", "department", "城市管理局", "City Management Bureau", (
        ("city-operations", "智慧城市运行平台", "Smart-city operation platform", "城市运行", "City operation", 3, 4, 5, 4, 3),)),
    ("ecology", "construction", "department", "生态环境局", "Ecology and Environment Bureau", (
        ("air-monitoring", "环境监测系统", "Environment monitoring", "环境监测", "Environment monitoring", 2, 4, 4, 3, 2),)),
    ("transport-bureau", "transport", "department", "交通局", "Transport Bureau", (
        ("traffic-brain", "交通大脑", "Traffic brain", "交通调度", "Traffic dispatch", 3, 5, 5, 5, 3),)),
    ("metro", "transport", "department", "轨道交通建设办公室", "Rail Transit Office", (
        ("ticketing", "票务系统", "Ticketing", "乘客购票", "Selling tickets", 4, 4, 5, 4, 3),)),
    ("port", "transport", "department", "港口物流办公室", "Port and Logistics Office", (
        ("logistics", "港口物流平台", "Port logistics platform", "港口物流", "Port logistics", 3, 4, 4, 4, 2),)),
    ("agriculture-bureau", "agriculture", "department", "农业农村委员会", "Agriculture and Rural Affairs Commission", (
        ("farm-subsidies", "惠农补贴系统", "Farm subsidies", "惠农补贴", "Farm subsidies", 4, 4, 3, 4, 2),)),
    ("water", "agriculture", "department", "水利局", "Water Resources Bureau", (
        ("flood-warning", "山洪预警系统", "Flood warning", "防汛预警", "Flood warning", 2, 5, 5, 5, 3),)),
    ("forestry", "agriculture", "department", "林业局", "Forestry Bureau", (
        ("forest-fire", "森林防火系统", "Forest fire watch", "森林防火", "Forest fire prevention", 2, 4, 4, 3, 2),)),
    ("commerce", "opening-up", "department", "商务委员会", "Commerce Commission", (
        ("trade-window", "国际贸易单一窗口", "Trade single window", "对外贸易", "Foreign trade", 4, 4, 4, 4, 3),)),
    ("market-regulation", "opening-up", "department", "市场监督管理局", "Market Regulation Bureau", (
        ("legal-persons", "法人基础库", "Legal persons base library", "法人数据", "Data of legal persons", 3, 5, 4, 5, 3),)),
    ("tourism", "opening-up", "department", "文化和旅游发展委员会", "Culture and Tourism Commission", (
        ("tourism-portal", "智慧文旅平台", "Tourism platform", "文化旅游", "Culture and tourism", 2, 3, 3, 2, 2),)),
    ("district-east", "city", "district", "东江区", "Dongjiang District", (
        ("east-services", "东江区政务服务", "Dongjiang government services", "区政务服务", "District services", 3, 4, 4, 4, 2),)),
    ("district-west", "city", "district", "西岭区", "Xiling District", (
        ("west-services", "西岭区政务服务", "Xiling government services", "区政务服务", "District services", 3, 4, 4, 3, 2),)),
    ("district-south", "city", "district", "南湖区", "Nanhu District", (
        ("south-video", "南湖区视频平台", "Nanhu video platform", "公共视频", "Public video", 4, 3, 3, 3, 2),)),
    ("district-north", "city", "district", "北山区", "Beishan District", (
        ("north-services", "北山区政务服务", "Beishan government services", "区政务服务", "District services", 3, 3, 3, 3, 2),)),
    ("county-river", "city", "district", "云河县", "Yunhe County", (
        ("river-villages", "云河县乡村治理", "Yunhe village governance", "乡村治理", "Village governance", 2, 3, 3, 2, 2),)),
)  # fmt: skip
# system, id, zh, en, severity, exposed, techniques
WEAKNESSES = (
    ("sharing-exchange", "exchange-wide-keys", "接口密钥权限过宽", "Interface keys with too wide rights", 4, False, ["T1530", "T1552"]),
    ("population-register", "register-shared-admin", "管理员账号多人共用", "Administrator account shared by several", 4, False, ["T1078", "T1098"]),
    ("city-app", "app-old-library", "组件版本过旧", "Outdated component", 3, True, ["T1190"]),
    ("social-insurance", "insurance-no-mfa", "管理员未启用多因素认证", "Administrators without a second factor", 4, True, ["T1078.004", "T1110"]),
    ("land-register", "land-flat-network", "内部网络未分区", "Flat internal network", 3, False, ["T1046", "T1021"]),
    ("health-records", "health-late-patches", "补丁滞后", "Late patches", 3, False, ["T1190", "T1068", "T1486"]),
    ("traffic-brain", "traffic-no-restore-test", "备份未做恢复演练", "Backups never restored in a test", 3, False, ["T1485", "T1486", "T1490"]),
    ("east-services", "east-open-ssh", "远程管理端口对公网开放", "Administration port open to the internet", 4, True, ["T1133", "T1110", "T1021"]),
    ("west-services", "west-log-gap", "主机日志采集不全", "Host logs collected in part", 3, False, ["T1685", "T1070"]),
    ("trade-window", "trade-vendor-access", "供应商长期远程接入", "Standing remote access of a vendor", 3, True, ["T1133", "T1078"]),
)  # fmt: skip
# system, id, zh, en, kind, deployed, health, efficacy, techniques
MEASURES = (
    ("sharing-exchange", "exchange-audit", "接口调用审计", "Audit of interface calls", "protective", 1.0, 0.95, 0.8, ["T1530", "T1213"]),
    ("sharing-exchange", "exchange-approval", "共享审批", "Approval of sharing", "preventive", 1.0, 1.0, 0.7, ["T1530", "T1537"]),
    ("population-register", "register-bastion", "运维堡垒机", "Bastion for administrators", "preventive", 0.9, 0.95, 0.7, ["T1078", "T1021"]),
    ("social-insurance", "insurance-lockout", "登录失败锁定", "Lock after failed log-ins", "preventive", 1.0, 1.0, 0.6, ["T1110"]),
    ("health-records", "health-backup", "异地备份", "Backup at another place", "protective", 1.0, 0.9, None, ["T1485", "T1486", "T1490"]),
    ("traffic-brain", "traffic-backup", "每日备份", "Daily backup", "protective", 1.0, 0.8, None, ["T1485", "T1486"]),
    ("city-app", "app-waf", "应用防火墙", "Web application firewall", "preventive", 1.0, 0.9, 0.6, ["T1190"]),
    ("east-services", "east-allow-list", "来源地址白名单", "Allow list of addresses", "preventive", 0.4, 0.9, 0.6, ["T1133", "T1110"]),
)  # fmt: skip
# system, id, zh, en, level, personal, records, stages
DATA = (
    ("population-register", "population-base", "自然人基础库", "Base library of natural persons", "important", "sensitive", 3_200_000,
     ("collection", "storage", "transmission", "use", "provision")),
    ("legal-persons", "legal-person-base", "法人基础库", "Base library of legal persons", "general3", "ordinary", 410_000,
     ("collection", "storage", "use", "provision", "disclosure")),
    ("spatial-base", "spatial-geography", "空间地理数据", "Spatial geography data", "important", "none", 96_000, ("collection", "storage", "use")),
    ("social-insurance", "insurance-records", "参保缴费记录", "Insurance and payment records", "general4", "sensitive", 2_700_000,
     ("collection", "storage", "transmission", "use", "provision", "deletion")),
    ("health-records", "health-files", "居民健康档案", "Residents' health files", "important", "sensitive", 2_900_000,
     ("collection", "storage", "use", "provision")),
    ("open-data-portal", "open-tables", "公共开放数据集", "Open public tables", "general1", "none", 1_250, ("storage", "disclosure")),
    ("sharing-exchange", "exchange-flows", "部门共享数据", "Data shared between departments", "general4", "ordinary", 5_800_000,
     ("storage", "transmission", "provision")),
)  # fmt: skip
