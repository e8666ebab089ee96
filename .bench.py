import time, json
from appliance.model.document import read, write_yaml, check
from appliance.model.problems import Invalid
doc={'version':1,'ports':{'p':{}},'instances':{'default':{'interfaces':{f'w{i}':{'port':'p','addresses':[f'10.{i}.0.1/16']} for i in range(50)},'monitors':{'m':{'kind':'tcp'}},
 'pools':{f'p{n}':{'monitors':['m'],'members':{f's{k}':{'address':f'10.{n%50}.{n//50}.{k+2}','port':80,'weight':k} for k in range(10)}} for n in range(10000)},
 'services':{f's{n}':{'address':f'10.{n%50}.{n//50+1}.{200}','port':80,'pool':f'p{n}','forwarding':'dr'} for n in range(10000)}}}}
js=json.dumps(doc); print(len(js)/1e6,'MB')
t=time.time(); c=read(js); print('json',time.time()-t)
t=time.time(); y=write_yaml(c); print('write_yaml',time.time()-t,len(y)/1e6)
t=time.time(); read(y); print('yaml',time.time()-t)
t=time.time(); c.digest(); print('digest',time.time()-t)
from appliance.engines.registry import ENGINES
from appliance.model.signals import Signals
for n,e in ENGINES.items():
    t=time.time(); r=e.compile(c,Signals()); print(n,len(r),time.time()-t)
for n in range(10000): doc['instances']['default']['services'][f's{n}']['port']=0
t=time.time()
try: read(json.dumps(doc))
except Invalid as e: print(len(e.problems), time.time()-t)
